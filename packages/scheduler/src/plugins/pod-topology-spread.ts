import { refuse, refuseForNow, type NodeInfo, type Plugin, type PodInfo, type Snapshot } from "../framework/plugin.ts";
import { constraintsOf, countMatching, type Constraint } from "./spread-constraints.ts";

const reason = "node(s) didn't match pod topology spread constraints";
const hostname = "kubernetes.io/hostname";

interface HardSpread {
  readonly constraint: Constraint;
  /** Matching pods by the value of the key, and the fewest of all values. */
  readonly counts: ReadonlyMap<string, number>;
  readonly fewest: number;
  readonly self: number;
}

interface SpreadState {
  readonly hard: readonly HardSpread[];
  readonly soft: readonly Constraint[];
  readonly snapshot: Snapshot;
}

/** Pods of a kind evenly over hosts, zones or whatever labels say. Differs: nothing is spread that does not ask for it. */
export const podTopologySpread: Plugin = {
  name: "PodTopologySpread",
  weight: 2,
  preFilter(pod, snapshot) {
    const all = constraintsOf(pod.pod);
    const hard = all.filter(({ isHard }) => isHard);
    const keys = hard.map(({ key }) => key);
    const state: SpreadState = {
      hard: hard.map((constraint) => spreadOf(constraint, pod, snapshot, keys)),
      soft: all.filter(({ isHard }) => !isHard),
      snapshot,
    };
    return { state };
  },
  filter(_pod, node, state) {
    for (const { constraint, counts, fewest, self } of (state as SpreadState).hard) {
      const value = node.node.metadata.labels?.[constraint.key];
      if (value === undefined) return refuse(`${reason} (missing required label)`);
      if ((counts.get(value) ?? 0) + self - fewest > constraint.maxSkew) return refuseForNow(reason);
    }
    return undefined;
  },
  preScore: (pod, feasible, state) =>
    (state as SpreadState).soft.map((constraint) => softSpread(constraint, pod, feasible, state as SpreadState)),
  score(_pod, node, state) {
    const scores = (state as SoftSpread[]).map((spread) => spread(node));
    return scores.includes(undefined) ? ignored : Math.round(scores.reduce<number>((sum, score) => sum + (score ?? 0), 0));
  },
  normalize(scores) {
    const counted = scores.filter((score) => score !== ignored);
    const least = Math.min(...counted);
    const most = Math.max(0, ...counted);
    for (const [index, score] of scores.entries()) {
      if (score === ignored) scores[index] = 0;
      else scores[index] = most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most);
    }
  },
};

/** Nodes without a key are out of the question as long as others are in it. */
const ignored = -1;

function spreadOf(constraint: Constraint, { pod }: PodInfo, { nodes }: Snapshot, keys: readonly string[]): HardSpread {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const labels = node.node.metadata.labels ?? {};
    if (!keys.every((key) => labels[key] !== undefined) || !constraint.includes(node)) continue;
    const value = labels[constraint.key] ?? "";
    counts.set(value, (counts.get(value) ?? 0) + countMatching(constraint, pod, node));
  }
  // Fewer domains than wanted count as if an empty one were there.
  const fewest = counts.size < constraint.minDomains || counts.size === 0 ? 0 : Math.min(...counts.values());
  return { constraint, counts, fewest, self: constraint.matches(pod.metadata.labels ?? {}) ? 1 : 0 };
}

/** How crowded a node's place is; undefined for a node without the key. */
type SoftSpread = (node: NodeInfo) => number | undefined;

function softSpread(constraint: Constraint, { pod }: PodInfo, feasible: readonly NodeInfo[], { soft, snapshot }: SpreadState): SoftSpread {
  const { key, maxSkew } = constraint;
  const isPlaced = ({ node }: NodeInfo): boolean => soft.every((each) => node.metadata.labels?.[each.key] !== undefined);
  const candidates = feasible.filter(isPlaced);
  const counts = new Map(candidates.map(({ node }) => [node.metadata.labels?.[key] ?? "", 0]));
  if (key !== hostname) {
    for (const node of snapshot.nodes) {
      const value = node.node.metadata.labels?.[key] ?? "";
      if (!isPlaced(node) || !counts.has(value) || !constraint.includes(node)) continue;
      counts.set(value, (counts.get(value) ?? 0) + countMatching(constraint, pod, node));
    }
  }
  // Small topologies would be watered down by large ones.
  const weight = Math.log((key === hostname ? candidates.length : counts.size) + 2);
  return (node) => {
    if (!isPlaced(node)) return undefined;
    const count = key === hostname ? countMatching(constraint, pod, node) : (counts.get(node.node.metadata.labels?.[key] ?? "") ?? 0);
    return count * weight + maxSkew - 1;
  };
}
