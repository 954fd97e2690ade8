import type { Clock } from "@coracle/base";
import type { Pod } from "@coracle/api";
import { containerNameLabel } from "../containers/labels.ts";
import type { Kubelet } from "../kubelet.ts";
import { cadvisorMetrics } from "./stats/cadvisor-metrics.ts";
import { NodeMeter, type NodeStats } from "./stats/node-stats.ts";
import { resourceMetrics } from "./stats/resource-metrics.ts";
import { statsSummary, usageForNext, type EarlierUsage } from "./stats/summary.ts";

/** The text or the JSON value of an answer. */
export type Report = { readonly text: string; readonly isMetrics?: boolean } | { readonly value: unknown };

interface Meter {
  readonly node: NodeMeter;
  earlier: EarlierUsage;
}

/** What a kubelet tells about itself and its pods to whoever may ask. */
export class Reports {
  readonly #clock: Clock;
  readonly #meters = new WeakMap<Kubelet, Meter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The report at `path`, which has no slash at its end; undefined when there is none. */
  async of(kubelet: Kubelet, path: string): Promise<Report | undefined> {
    switch (path) {
      case "/pods":
        return { value: podList(kubelet.pods()) };
      case "/runningpods":
        return { value: podList(runningPods(kubelet)) };
      case "/configz":
        return { value: { kubeletconfig: kubelet.configuration } };
      case "/stats/summary":
        return { value: await this.#summary(kubelet) };
      case "/metrics":
        return { text: kubelet.metrics.render(), isMetrics: true };
      case "/metrics/probes":
        return { text: kubelet.metrics.probes.render(), isMetrics: true };
      case "/metrics/resource":
        return { text: resourceMetrics(await this.#measure(this.#meterOf(kubelet))), isMetrics: true };
      case "/metrics/cadvisor":
        return { text: cadvisorMetrics(await this.#measure(this.#meterOf(kubelet))), isMetrics: true };
      default:
        return undefined;
    }
  }

  async #summary(kubelet: Kubelet): Promise<unknown> {
    const meter = this.#meterOf(kubelet);
    const stats = await this.#measure(meter);
    const { earlier } = meter;
    meter.earlier = usageForNext(stats);
    return statsSummary(stats, earlier);
  }

  #measure(meter: Meter): Promise<NodeStats> {
    return meter.node.measure(this.#clock.now());
  }

  #meterOf(kubelet: Kubelet): Meter {
    let meter = this.#meters.get(kubelet);
    if (meter === undefined) {
      meter = { node: new NodeMeter(kubelet, this.#clock.now()), earlier: new Map() };
      this.#meters.set(kubelet, meter);
    }
    return meter;
  }
}

function podList(items: readonly Pod[]): unknown {
  return { kind: "PodList", apiVersion: "v1", metadata: {}, items };
}

/** As the runtime knows them: names, and the images of the containers that run. */
function runningPods(kubelet: Kubelet): Pod[] {
  return kubelet.pods().flatMap(({ metadata }) => {
    const { name = "", namespace = "", uid } = metadata;
    const running = (kubelet.findPod(namespace, name)?.runtimePod.containers ?? []).filter(({ state }) => state === "running");
    if (running.length === 0) return [];
    const containers = running.map(({ labels, image }) => ({ name: labels[containerNameLabel] ?? "", image }));
    return [{ metadata: { name, namespace, uid }, spec: { containers }, status: {} } as unknown as Pod];
  });
}
