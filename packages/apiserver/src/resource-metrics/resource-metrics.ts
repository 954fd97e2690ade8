import { assert, type Clock, type Logger } from "@coracle/base";
import type { Node, Pod } from "@coracle/api";
import { newServiceUnavailable, type KubeObject, type ResourceType, type UnstructuredObject } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";
import type { KubeletClientTls } from "../proxy/locator.ts";
import type { ComputedSource, ComputedSources } from "../registry/computed.ts";
import type { Registry } from "../registry/contract.ts";
import { Collector } from "./collector.ts";
import { metricsGroup } from "./definitions.ts";
import { KubeletReader } from "./kubelet-reader.ts";
import { nodeMetricsSource, podMetricsSource } from "./sources.ts";

const nodeType: ResourceType<Node> = { group: "", version: "v1", resource: "nodes", kind: "Node", isNamespaced: false };
const podType: ResourceType<Pod> = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };

/** The sources of `metrics.k8s.io`, which the registry wants before they can look into it. */
export class ResourceMetrics implements Disposable {
  /** For the registry. */
  readonly sources: ComputedSources = {
    [`nodes.${metricsGroup}`]: this.#later(({ nodes }) => nodes),
    [`pods.${metricsGroup}`]: this.#later(({ pods }) => pods),
  };
  readonly #clock: Clock;
  readonly #log: Logger;
  #reader: KubeletReader | undefined;
  #collector: Collector | undefined;
  #bound: { readonly nodes: ComputedSource; readonly pods: ComputedSource } | undefined;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Begins to serve. Without a certificate for kubelets there is nothing to tell. */
  bind(registry: Registry, tls: KubeletClientTls | undefined): void {
    if (tls === undefined) return;
    const nodes = informerOf(registry, nodeType);
    const pods = informerOf(registry, podType);
    const reader = new KubeletReader(tls, this.#clock);
    this.#reader = reader;
    this.#collector = new Collector({ nodes: () => nodes.list(), read: (node) => reader.read(node), clock: this.#clock, log: this.#log });
    const objects = {
      node: (name: string) => nodes.get(name),
      nodes: () => nodes.list(),
      pod: (namespace: string, name: string) => pods.get(`${namespace}/${name}`),
      pods: (namespace: string) => pods.list(namespace),
    };
    this.#bound = { nodes: nodeMetricsSource(objects, this.#collector), pods: podMetricsSource(objects, this.#collector) };
  }

  [Symbol.dispose](): void {
    this.#collector?.[Symbol.dispose]();
    this.#reader?.[Symbol.dispose]();
  }

  #later(choose: (bound: { nodes: ComputedSource; pods: ComputedSource }) => ComputedSource): ComputedSource {
    const source = (): ComputedSource => {
      if (this.#bound === undefined) throw newServiceUnavailable("no figures: the API server has no client certificate for kubelets");
      return choose(this.#bound);
    };
    return {
      get: async (namespace, name): Promise<UnstructuredObject | undefined> => source().get(namespace, name),
      list: async (namespace) => source().list(namespace),
    };
  }
}

function informerOf<T extends KubeObject>(registry: Registry, type: ResourceType<T>): Informer<T> {
  assert(registry.informer !== undefined, "the registry lends no informers");
  return registry.informer(type);
}
