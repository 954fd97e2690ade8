import { filterNode } from "../framework/cycle.ts";
import { nodeWith } from "../framework/node-with.ts";
import type { NodeInfo, Plugin, PodInfo, Refusal, Snapshot } from "../framework/plugin.ts";

export interface Trial {
  readonly plugins: readonly Plugin[];
  /** Pods that wait for room on a node and come before the one that is tried. */
  rivals(node: string): readonly PodInfo[];
}

/** Whether the pod fits on the node as it would be, with those that wait for it and without them. */
export function tryNode(pod: PodInfo, node: NodeInfo, snapshot: Snapshot, { plugins, rivals }: Trial): Refusal | undefined {
  const waiting = rivals(node.name);
  const crowded = waiting.length === 0 ? undefined : nodeWith(node, [...node.pods.values(), ...waiting]);
  for (const variant of crowded === undefined ? [node] : [crowded, node]) {
    const trial = snapshotWith(snapshot, variant);
    const states = new Map<string, unknown>();
    for (const plugin of plugins) {
      const result = plugin.preFilter?.(pod, trial);
      if (result?.refusal !== undefined) return result.refusal;
      if (result !== undefined) states.set(plugin.name, result.state);
    }
    const refusal = filterNode(pod, variant, states, plugins);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The cluster as it would be with another state of one node. Only what looks at other nodes pays for them. */
function snapshotWith(snapshot: Snapshot, node: NodeInfo): Snapshot {
  return {
    get nodes() {
      return snapshot.nodes.map((other) => (other.name === node.name ? node : other));
    },
    get affineNodes() {
      const others = snapshot.affineNodes.filter(({ name }) => name !== node.name);
      return node.affinePods.size === 0 ? others : [...others, node];
    },
  };
}
