import type { Pod } from "@coracle/api";
import { containerNameLabel } from "../../containers/labels.ts";
import type { Kubelet } from "../../kubelet.ts";
import { latestOf } from "../../podworkers/plan.ts";
import type { ContainerStats } from "../../runtime/runtime.ts";
import { measureMachine } from "./machine.ts";

export interface MeasuredContainer {
  readonly name: string;
  readonly startedAtMs: number;
  readonly stats: ContainerStats;
}

export interface MeasuredPod {
  readonly pod: Pod;
  /** Those that run. */
  readonly containers: readonly MeasuredContainer[];
}

/** What one node uses, at one time. */
export interface NodeStats {
  readonly nodeName: string;
  readonly timestampMs: number;
  readonly startedAtMs: number;
  /** Since the node started, of all its CPUs. */
  readonly cpuNanoseconds: number;
  readonly workingSetBytes: number;
  readonly usageBytes: number;
  readonly availableBytes?: number;
  readonly pods: readonly MeasuredPod[];
}

/**
 * Measures a node and its containers. A node of real containers is the machine; a simulated one uses what its containers use.
 */
export class NodeMeter {
  readonly #kubelet: Kubelet;
  readonly #startedAtMs: number;
  /** Of simulated containers: what those have used that are gone would be missing, and a node's time must not go back. */
  readonly #last = new Map<string, number>();
  #spentNanoseconds = 0;

  constructor(kubelet: Kubelet, nowMs: number) {
    this.#kubelet = kubelet;
    this.#startedAtMs = nowMs;
  }

  async measure(nowMs: number): Promise<NodeStats> {
    const { nodeName, runtime } = this.#kubelet;
    const pods = this.#kubelet.pods();
    const annotations = new Map(pods.map(({ metadata }) => [metadata.uid, metadata.annotations ?? {}]));
    const stats = await runtime.listContainerStats({ annotationsOf: (uid) => annotations.get(uid) });
    const byId = new Map(stats.map((each) => [each.containerId, each]));
    const measured = pods
      .map((pod) => ({ pod, containers: this.#containersOf(pod, byId) }))
      .filter(({ containers }) => containers.length > 0);
    const common = { nodeName, timestampMs: nowMs, startedAtMs: this.#startedAtMs, pods: measured };
    if (runtime.usesHostFiles !== false) return { ...common, ...(await measureMachine()) };
    const workingSetBytes = stats.reduce((sum, each) => sum + each.workingSetBytes, 0);
    return { ...common, cpuNanoseconds: this.#count(stats), workingSetBytes, usageBytes: workingSetBytes };
  }

  #containersOf({ metadata, spec }: Pod, stats: ReadonlyMap<string, ContainerStats>): MeasuredContainer[] {
    const found = this.#kubelet.findPod(metadata.namespace ?? "", metadata.name ?? "");
    if (found === undefined) return [];
    const names = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])].map(
      ({ name }) => name,
    );
    return names.flatMap((name) => {
      const state = latestOf(found.runtimePod, name);
      const measured = state === undefined ? undefined : stats.get(state.id);
      if (state === undefined || measured === undefined) return [];
      return [{ name: state.labels[containerNameLabel] ?? name, startedAtMs: state.startedAtMs, stats: measured }];
    });
  }

  #count(stats: readonly ContainerStats[]): number {
    for (const { containerId, cpuNanoseconds } of stats) {
      this.#spentNanoseconds += cpuNanoseconds - (this.#last.get(containerId) ?? 0);
      this.#last.set(containerId, cpuNanoseconds);
    }
    const present = new Set(stats.map(({ containerId }) => containerId));
    for (const id of this.#last.keys()) if (!present.has(id)) this.#last.delete(id);
    return this.#spentNanoseconds;
  }
}
