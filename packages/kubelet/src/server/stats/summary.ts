import { formatTime } from "@coracle/apimachinery";
import type { MeasuredContainer, MeasuredPod, NodeStats } from "./node-stats.ts";

/** CPU time at an earlier look, by container id; empty for the node. */
export type EarlierUsage = ReadonlyMap<string, { readonly timestampMs: number; readonly cpuNanoseconds: number }>;

/** What is to be kept for the next summary: the rate of CPU use is a difference. */
export function usageForNext({ pods, timestampMs, cpuNanoseconds }: NodeStats): EarlierUsage {
  const usage = new Map<string, { timestampMs: number; cpuNanoseconds: number }>([["", { timestampMs, cpuNanoseconds }]]);
  for (const { containers } of pods) for (const { stats } of containers) usage.set(stats.containerId, stats);
  return usage;
}

/** `/stats/summary` (kubelet's stats/v1alpha1) of CPU, memory and the files of containers. Rates are since the last summary. */
export function statsSummary(stats: NodeStats, earlier: EarlierUsage): unknown {
  const { nodeName, startedAtMs, timestampMs, workingSetBytes, usageBytes, availableBytes } = stats;
  const memory = { time: formatTime(timestampMs), availableBytes, usageBytes, workingSetBytes };
  return {
    node: { nodeName, startTime: formatTime(startedAtMs), cpu: cpuOf(stats, earlier.get("")), memory },
    pods: stats.pods.map((each) => podStats(each, earlier)),
  };
}

function podStats({ pod, containers }: MeasuredPod, earlier: EarlierUsage): unknown {
  const { name, namespace, uid } = pod.metadata;
  const measured = containers.map((each) => containerStats(each, earlier));
  const time = measured[0]?.cpu.time;
  const total = (pick: (each: (typeof measured)[number]) => number | undefined): number =>
    measured.reduce((sum, each) => sum + (pick(each) ?? 0), 0);
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? measured[0]?.startTime,
    containers: measured,
    cpu: {
      time,
      usageNanoCores: total(({ cpu }) => cpu.usageNanoCores),
      usageCoreNanoSeconds: total(({ cpu }) => cpu.usageCoreNanoSeconds),
    },
    memory: {
      time,
      usageBytes: total(({ memory }) => memory.usageBytes),
      workingSetBytes: total(({ memory }) => memory.workingSetBytes),
      rssBytes: total(({ memory }) => memory.rssBytes),
    },
  };
}

function containerStats({ name, startedAtMs, stats }: MeasuredContainer, earlier: EarlierUsage): ContainerSummary {
  const { workingSetBytes, usageBytes = workingSetBytes, rssBytes, pageFaults, majorPageFaults, swapBytes, filesystem } = stats;
  const time = formatTime(stats.timestampMs);
  const startTime = formatTime(startedAtMs);
  // A container that came since is measured over its life.
  const before = earlier.get(stats.containerId) ?? { timestampMs: startedAtMs, cpuNanoseconds: 0 };
  return {
    name,
    startTime,
    cpu: cpuOf(stats, before),
    memory: {
      time,
      usageBytes,
      workingSetBytes,
      ...(rssBytes !== undefined && { rssBytes }),
      ...(pageFaults !== undefined && { pageFaults }),
      ...(majorPageFaults !== undefined && { majorPageFaults }),
    },
    ...(swapBytes !== undefined && { swap: { time, swapUsageBytes: swapBytes } }),
    ...(filesystem !== undefined && { rootfs: { time, ...filesystem } }),
  };
}

interface ContainerSummary {
  readonly name: string;
  readonly startTime: string;
  readonly cpu: CpuSummary;
  readonly memory: { readonly time: string; readonly usageBytes: number; readonly workingSetBytes: number; readonly rssBytes?: number };
}

interface CpuSummary {
  readonly time: string;
  /** Billionths of a CPU; absent when there is nothing to compare with. */
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds: number;
}

function cpuOf(
  { timestampMs, cpuNanoseconds }: { readonly timestampMs: number; readonly cpuNanoseconds: number },
  before: { readonly timestampMs: number; readonly cpuNanoseconds: number } | undefined,
): CpuSummary {
  const time = formatTime(timestampMs);
  const elapsedMs = before === undefined ? 0 : timestampMs - before.timestampMs;
  if (before === undefined || elapsedMs <= 0) return { time, usageCoreNanoSeconds: cpuNanoseconds };
  const usageNanoCores = Math.max(0, Math.round(((cpuNanoseconds - before.cpuNanoseconds) / elapsedMs) * 1000));
  return { time, usageNanoCores, usageCoreNanoSeconds: cpuNanoseconds };
}
