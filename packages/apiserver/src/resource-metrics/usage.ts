import type { NodeSamples, Sample } from "./samples.ts";

/** What something used on average over an interval. */
export interface Usage {
  readonly endMs: number;
  readonly windowMs: number;
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface PodUsage {
  readonly containers: ReadonlyMap<string, Usage>;
}

/** Shorter intervals say little: a kubelet's own figures may be seconds old. */
const leastWindowMs = 500;
/** A container that started so recently is measured over its life. */
const freshMs = 15_000;

/** The use between two looks; undefined while they do not tell it. */
export function usageOf(previous: Sample | undefined, latest: Sample): Usage | undefined {
  const start = startOf(previous, latest);
  if (start === undefined) return undefined;
  const windowMs = latest.timestampMs - start.timestampMs;
  const spent = latest.cpuSeconds - start.cpuSeconds;
  if (windowMs < leastWindowMs || spent < 0) return undefined;
  return { endMs: latest.timestampMs, windowMs, cores: (spent * 1000) / windowMs, memoryBytes: latest.memoryBytes };
}

function startOf(previous: Sample | undefined, latest: Sample): Pick<Sample, "timestampMs" | "cpuSeconds"> | undefined {
  // Another start time is another container of the same name.
  if (previous !== undefined && previous.startedAtMs === latest.startedAtMs) return previous;
  const { startedAtMs } = latest;
  if (startedAtMs === undefined || latest.timestampMs - startedAtMs > freshMs) return undefined;
  return { timestampMs: startedAtMs, cpuSeconds: 0 };
}

/** The use of a pod; undefined unless that of all its containers is known. */
export function podUsageOf(key: string, previous: NodeSamples | undefined, latest: NodeSamples): PodUsage | undefined {
  const samples = latest.pods.get(key);
  if (samples === undefined) return undefined;
  const containers = new Map<string, Usage>();
  for (const [name, sample] of samples) {
    const usage = usageOf(previous?.pods.get(key)?.get(name), sample);
    if (usage === undefined) return undefined;
    containers.set(name, usage);
  }
  return { containers };
}
