import type { Node, Pod } from "@coracle/api";
import type { PodRequests } from "./requests.ts";

/**
 * The scheduling framework: plugins under their upstream names, at the upstream extension points. A plugin computes; the cycle acts.
 * `https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/`
 */
export interface Plugin {
  /** As in KubeSchedulerConfiguration: `NodeResourcesFit`. */
  readonly name: string;
  /** Computes once for a pod what its `filter` and `score` need. A refusal here holds for every node. */
  preFilter?(pod: PodInfo, snapshot: Snapshot): { state?: unknown; refusal?: Refusal };
  /** Why the pod cannot run on the node; undefined when it can. */
  filter?(pod: PodInfo, node: NodeInfo, state: unknown): Refusal | undefined;
  /** Computes once what `score` needs in place of the state, when it is known which nodes are to be compared. */
  preScore?(pod: PodInfo, feasible: readonly NodeInfo[], state: unknown): unknown;
  /** Higher is better; raw values that `normalize` brings to 0 … 100. */
  score?(pod: PodInfo, node: NodeInfo, state: unknown): number;
  /** Changes `scores` in place. Without it scores must already be between 0 and 100. */
  normalize?(scores: number[]): void;
  /** Weight of the score. Defaults to 1. */
  readonly weight?: number;
  /** Work to do after a node was chosen and before the binding: may wait. Throwing puts the pod back into the queue. */
  preBind?(pod: PodInfo, node: NodeInfo, state: unknown, signal: AbortSignal): Promise<void>;
}

/** Why a pod does not fit, in upstream's words. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** Whether it could be otherwise with fewer pods on the node. Defaults to false. */
  readonly isResolvable?: boolean;
  /** Set by the framework. */
  readonly plugin?: string;
}

/** A pod with what every plugin asks of it, computed once. */
export interface PodInfo {
  readonly key: string;
  readonly pod: Pod;
  readonly requests: PodRequests;
  readonly priority: number;
}

/** A node with what is already placed on it. */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  readonly pods: ReadonlyMap<string, PodInfo>;
  readonly requested: PodRequests;
  readonly allocatable: PodRequests;
  /** `protocol/hostIP/port` of host ports in use. */
  readonly hostPorts: ReadonlySet<string>;
  /** Those of the pods that have inter-pod affinity or anti-affinity. */
  readonly affinePods: ReadonlyMap<string, PodInfo>;
}

/** The cluster at one moment. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  /** The nodes with pods that have inter-pod affinity. */
  readonly affineNodes: readonly NodeInfo[];
}

export function refuse(...reasons: string[]): Refusal {
  return { reasons };
}

/** A refusal that holds no longer when some pods of the node are gone. */
export function refuseForNow(...reasons: string[]): Refusal {
  return { reasons, isResolvable: true };
}

/** Scales scores so that the greatest is 100; with `isReversed` the greatest becomes 0 (upstream's `DefaultNormalizeScore`). */
export function normalizeByMaximum(scores: number[], isReversed: boolean): void {
  const greatest = Math.max(0, ...scores);
  for (const [index, score] of scores.entries()) {
    if (greatest === 0) scores[index] = isReversed ? 100 : 0;
    else scores[index] = isReversed ? 100 - Math.floor((score * 100) / greatest) : Math.floor((score * 100) / greatest);
  }
}
