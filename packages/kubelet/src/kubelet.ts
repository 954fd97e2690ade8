import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock, Logger, Random } from "@coracle/base";
import { resources, type Node, type Pod, type Service } from "@coracle/api";
import type { Client, EventRecorder } from "@coracle/client";
import { parseResolvConf, type DnsConfig } from "./containers/dns.ts";
import { imageCredentials } from "./images/credentials.ts";
import { ImagePuller } from "./images/image-puller.ts";
import { KubeletMetrics, type Population } from "./metrics/kubelet-metrics.ts";
import { measuredRuntime } from "./metrics/measured-runtime.ts";
import { NodeAgent } from "./node/node-agent.ts";
import { kubeletConfiguration } from "./node/configuration.ts";
import { machineCapacity, nodeLabels } from "./node/node-status.ts";
import { boundPods, listenToPods } from "./pod-source.ts";
import { admitPod, type Rejection } from "./podworkers/admission.ts";
import { BackOff } from "./podworkers/back-off.ts";
import type { RuntimePod } from "./podworkers/plan.ts";
import { PodWorkers } from "./podworkers/pod-workers.ts";
import { Prober } from "./prober/prober.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { StatusWriter } from "./status/status-writer.ts";
import { createObjectSource } from "./volumes/object-source.ts";
import { PodVolumes } from "./volumes/pod-volumes.ts";
import { TokenSource } from "./volumes/tokens.ts";

export interface KubeletOptions {
  readonly nodeName: string;
  /** With the rights of `system:node:<nodeName>`. */
  readonly client: Client;
  /** Not disposed by the kubelet: its containers outlive it. */
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Of component `kubelet` and this host. */
  readonly events: EventRecorder;
  /** For pod directories and logs. */
  readonly rootDirectory: string;
  readonly nodeAddress: string;
  readonly podCidr: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** Where this node's kubelet server answers; undefined when there is none. */
  readonly server: { readonly port: number } | undefined;
  /** Defaults to the machine's CPUs and memory, 110 pods. */
  readonly capacity?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the Node object. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** What the node reports as its version. Defaults to `v1.36.2`. */
  readonly version?: string;
  /** Defaults to `/etc/resolv.conf`. */
  readonly resolvConf?: string;
}

export interface Kubelet {
  readonly nodeName: string;
  readonly runtime: Runtime;
  readonly metrics: KubeletMetrics;
  /** As KubeletConfiguration of `kubelet.config.k8s.io/v1beta1`: what this agent knows of it. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Resolves when the node is registered and reported Ready, and pods are being taken. */
  start(): Promise<void>;
  /** Looks after pods no more. Their containers go on. */
  stop(): Promise<void>;
  /** Pods of this node. */
  pods(): readonly Pod[];
  /** What runs of a pod, by its names; undefined when it is not on this node. */
  findPod(namespace: string, name: string): { readonly pod: Pod; readonly runtimePod: RuntimePod } | undefined;
}

/** Makes the agent of one node. Many may share a process, a client and a clock. */
export function createKubelet(options: KubeletOptions): Kubelet {
  return new NodeKubelet(options);
}

class NodeKubelet implements Kubelet {
  readonly nodeName: string;
  readonly runtime: Runtime;
  readonly metrics: KubeletMetrics;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly #options: KubeletOptions;
  readonly #capacity: Readonly<Record<string, string>>;
  readonly #agent: NodeAgent;
  #workers: PodWorkers | undefined;
  #prober: Prober | undefined;
  #statuses: StatusWriter | undefined;
  #pods: Disposable | undefined;

  constructor(given: KubeletOptions) {
    this.metrics = new KubeletMetrics({ nodeName: given.nodeName, clock: given.clock, population: () => this.#population() });
    const options = { ...given, runtime: measuredRuntime(given.runtime, this.metrics) };
    this.#options = options;
    this.nodeName = options.nodeName;
    this.runtime = options.runtime;
    const { nodeName, nodeAddress, labels = {}, annotations = {}, podCidr, server, version = "v1.36.2" } = options;
    this.#capacity = options.capacity ?? machineCapacity();
    const capacity = this.#capacity;
    this.configuration = kubeletConfiguration(options, capacity);
    const description = {
      nodeName,
      nodeAddress,
      labels,
      annotations,
      capacity,
      podCidr,
      serverPort: server?.port,
      kubeletVersion: version,
    };
    this.#agent = new NodeAgent({ ...options, description });
  }

  async start(): Promise<void> {
    const { client, runtime, podCidr, nodeName } = this.#options;
    const pods = client.informer(resources.pods);
    const services = client.informer(resources.services);
    const [host] = await Promise.all([
      this.#hostDns(),
      podCidr === "" ? undefined : runtime.setPodCidr(podCidr),
      this.#agent.start(),
      pods.waitForSync(),
      services.waitForSync(),
    ]);
    const workers = this.#makeWorkers(host);
    this.#workers = workers;
    this.#pods = listenToPods(client, nodeName, workers);
    workers.start();
  }

  async stop(): Promise<void> {
    this.#pods?.[Symbol.dispose]();
    this.#prober?.stop();
    await this.#workers?.stop();
    this.#statuses?.stop();
    await this.#agent.stop();
  }

  pods(): readonly Pod[] {
    return this.#workers?.pods() ?? [];
  }

  findPod(namespace: string, name: string): { pod: Pod; runtimePod: RuntimePod } | undefined {
    const worker = this.#workers?.find(namespace, name);
    return worker === undefined ? undefined : { pod: worker.pod, runtimePod: worker.runtimePod };
  }

  #population(): Population {
    const containers: Record<string, number> = {};
    let running = 0;
    const pods = this.pods();
    for (const { metadata } of pods) {
      const { runtimePod } = this.findPod(metadata.namespace ?? "", metadata.name ?? "") ?? {};
      if (runtimePod?.sandboxes.some(({ isReady }) => isReady) === true) running++;
      for (const { state } of runtimePod?.containers ?? []) containers[state] = (containers[state] ?? 0) + 1;
    }
    return { desired: pods.length, running, containers };
  }

  #makeWorkers(host: DnsConfig): PodWorkers {
    const { client, runtime, clock, random, log, events, nodeName, nodeAddress, clusterDns, clusterDomain } = this.#options;
    // The runtime needs absolute paths to mount.
    const root = resolve(this.#options.rootDirectory);
    const podsDirectory = join(root, "pods");
    const allocatable = this.#capacity;
    const objects = createObjectSource(client);
    const tokens = new TokenSource(client, clock);
    const downward = { nodeName, nodeAddress, allocatable };
    const usesHostFiles = runtime.usesHostFiles !== false;
    this.#prober = new Prober({ runtime, clock, random, events, nodeAddress, metrics: this.metrics.probes });
    this.#statuses = new StatusWriter({ client, clock, log });
    return new PodWorkers({
      nodeName,
      nodeAddress,
      client,
      runtime,
      clock,
      log,
      events,
      objects,
      podsDirectory,
      allocatable,
      images: new ImagePuller({
        runtime,
        clock,
        events,
        credentials: (pod, image) => imageCredentials(objects, pod, image),
      }),
      volumes: new PodVolumes({
        podsDirectory,
        clock,
        objects,
        tokens,
        downward,
        usesHostFiles,
      }),
      prober: this.#prober,
      statuses: this.#statuses,
      crashes: new BackOff(clock, {
        initialMs: 1e4,
        maxMs: 3e5,
      }),
      dns: {
        clusterDns,
        clusterDomain,
        host,
      },
      logDirectory: join(root, "logs"),
      services: (namespace) => this.#services(namespace),
      isBound: (uid) => boundPods(client, nodeName).some(({ metadata }) => metadata.uid === uid),
      admit: (pod) => this.#admit(pod),
    });
  }

  async #admit(pod: Pod): Promise<Rejection | undefined> {
    const rejection = admitPod(pod, this.#node(), this.pods());
    if (rejection === undefined) return undefined;
    // The scheduler may have seen a label or a resource that is newer than the last report of this node.
    await this.#agent.refresh();
    return admitPod(pod, this.#node(), this.pods());
  }

  #services(namespace: string): readonly Service[] {
    const informer = this.#options.client.informer(resources.services);
    const own = informer.list(namespace);
    const master = informer.get("default/kubernetes");
    return namespace === "default" || master === undefined ? own : [master, ...own];
  }

  /** The node as the API has it, so that labels given by users count. */
  #node(): Pick<Node, "metadata" | "status"> {
    const { labels = {}, nodeName } = this.#options;
    const known = this.#agent.node;
    return {
      metadata: { name: nodeName, labels: { ...nodeLabels({ nodeName, labels }), ...known?.metadata.labels } },
      // Extended resources are what others say that the node has.
      status: { allocatable: { ...known?.status?.allocatable, ...this.#capacity } },
    } as Node;
  }

  async #hostDns(): Promise<DnsConfig> {
    const path = this.#options.resolvConf ?? "/etc/resolv.conf";
    return parseResolvConf(await readFile(path, "utf8").catch(() => ""));
  }
}
