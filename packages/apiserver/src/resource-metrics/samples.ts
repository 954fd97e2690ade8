/** What a container, or a node, had used at one time. */
export interface Sample {
  readonly timestampMs: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** Of a container. */
  readonly startedAtMs?: number;
}

/** One look at a node. */
export interface NodeSamples {
  readonly node?: Sample;
  /** By `namespace/pod`, then by container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Sample>>;
}

type Draft = { -readonly [K in keyof Sample]?: Sample[K] };

const fields: Readonly<Record<string, { readonly field: keyof Sample; readonly factor: number }>> = {
  container_cpu_usage_seconds_total: { field: "cpuSeconds", factor: 1 },
  container_memory_working_set_bytes: { field: "memoryBytes", factor: 1 },
  container_start_time_seconds: { field: "startedAtMs", factor: 1000 },
  node_cpu_usage_seconds_total: { field: "cpuSeconds", factor: 1 },
  node_memory_working_set_bytes: { field: "memoryBytes", factor: 1 },
};

const line = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)(?: (\d+))?$/;

/**
 * Reads a kubelet's `/metrics/resource`. Containers of which not everything is told are left out. `nowMs` is for samples without a time of
 * their own.
 */
export function readSamples(text: string, nowMs: number): NodeSamples {
  const node: Draft = {};
  const pods = new Map<string, Map<string, Draft>>();
  for (const each of text.split("\n")) {
    const match = each.startsWith("#") ? null : line.exec(each);
    const known = match === null ? undefined : fields[match[1] as string];
    if (match === null || known === undefined) continue;
    const [, name = "", labelText = "", value = "", time] = match;
    const draft = name.startsWith("node_") ? node : draftOf(pods, labelText);
    if (draft === undefined) continue;
    draft[known.field] = Number(value) * known.factor;
    if (known.field === "cpuSeconds") draft.timestampMs = time === undefined ? nowMs : Number(time);
  }
  const whole = wholeOf(node);
  return { ...(whole !== undefined && { node: whole }), pods: wholePods(pods) };
}

function draftOf(pods: Map<string, Map<string, Draft>>, labelText: string): Draft | undefined {
  const { namespace, pod, container } = Object.fromEntries(
    [...labelText.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  ) as Record<string, string | undefined>;
  if (namespace === undefined || pod === undefined || container === undefined) return undefined;
  const key = `${namespace}/${pod}`;
  const containers = pods.get(key) ?? new Map<string, Draft>();
  pods.set(key, containers);
  const draft = containers.get(container) ?? {};
  containers.set(container, draft);
  return draft;
}

function wholePods(pods: ReadonlyMap<string, ReadonlyMap<string, Draft>>): Map<string, Map<string, Sample>> {
  const whole = new Map<string, Map<string, Sample>>();
  for (const [pod, containers] of pods) {
    const samples = new Map<string, Sample>();
    for (const [name, draft] of containers) {
      const sample = wholeOf(draft);
      if (sample !== undefined) samples.set(name, sample);
    }
    if (samples.size > 0) whole.set(pod, samples);
  }
  return whole;
}

function wholeOf({ timestampMs, cpuSeconds, memoryBytes, startedAtMs }: Draft): Sample | undefined {
  if (timestampMs === undefined || cpuSeconds === undefined || memoryBytes === undefined) return undefined;
  return { timestampMs, cpuSeconds, memoryBytes, ...(startedAtMs !== undefined && { startedAtMs }) };
}
