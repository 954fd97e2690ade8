import type { PodInfo } from "../framework/plugin.ts";

/** A node, and what would have to leave it. */
export interface Candidate {
  readonly node: string;
  /** The most important first. */
  readonly victims: readonly PodInfo[];
  /** How many of them go against their disruption budget. */
  readonly violations: number;
}

const startMs = ({ pod }: PodInfo): number => Date.parse(pod.status?.startTime ?? "") || Infinity;

/** By priority, then by how long they run. */
export function moreImportantFirst(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || (startMs(a) === startMs(b) ? 0 : startMs(a) - startMs(b));
}

/** Each says how bad a candidate is; a later one decides only among those that are equal in all before. */
const measures: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? -Infinity,
  // So that few pods of a negative priority are not worse than many.
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ victims }) => victims.length,
  // Of the most important victims, those that began last.
  ({ victims }) => -Math.min(...victims.filter(({ priority }) => priority === victims[0]?.priority).map(startMs)),
];

/** The candidate that does the least harm; the first of equal ones. */
export function chooseCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let left = [...candidates];
  for (const measure of measures) {
    const least = Math.min(...left.map(measure));
    left = left.filter((candidate) => measure(candidate) === least);
    if (left.length <= 1) break;
  }
  return left[0];
}
