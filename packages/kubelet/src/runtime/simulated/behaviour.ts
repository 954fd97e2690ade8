import { durationMs, parseQuantity, quantityToNumber } from "@coracle/apimachinery";
import type { ContainerConfig, PodSandboxConfig } from "../runtime.ts";
import { interpret, type Step } from "./script.ts";

/** What a simulated container does, and when. */
export interface Behaviour {
  readonly startDelayMs: number;
  readonly steps: readonly Step[];
  /** Undefined: it runs until it is stopped. */
  readonly exitCode?: number;
  /** Network probes fail for so long after the start. */
  readonly readyAfterMs: number;
  /** What it uses while it runs. Defaults to {@link annotatedUsage}. */
  usage?(input: UsageInput): Usage;
}

export interface UsageInput {
  readonly containerName: string;
  /** Of the pod, as they are now. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly runningMs: number;
}

export interface Usage {
  /** CPUs. */
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface BehaviourInput {
  readonly container: ContainerConfig;
  readonly sandbox: PodSandboxConfig;
  /** Whether the pod is one that ends: its restart policy is not Always, or this is an init container. */
  readonly isExpectedToEnd: boolean;
}

/** Chooses what a container does. Undefined takes the default. */
export type BehaviourFunction = (input: BehaviourInput) => Behaviour | undefined;

const annotationPrefix = "simulated.coracle.dev/";
/** How long a program of unknown nature runs that is expected to end. */
const unknownRunMs = 100;

/**
 * The default: annotations `simulated.coracle.dev/<container>.exit-after`, `.exit-code`, `.start-delay`, `.log-lines` and `.ready-after`
 * decide; then a command that {@link interpret} understands; then containers that are expected to end do so, with 0, after a tenth of a
 * second, and all others run until stopped.
 */
export function defaultBehaviour({ container, sandbox, isExpectedToEnd }: BehaviourInput): Behaviour {
  const annotation = (name: string): string | undefined => sandbox.annotations[`${annotationPrefix}${container.metadata.name}.${name}`];
  const duration = (name: string): number | undefined => parseMs(annotation(name));
  const steps: Step[] = [];
  for (let line = 1; line <= Number(annotation("log-lines") ?? 0); line++) steps.push({ type: "print", text: `line ${line}` });
  const common = { startDelayMs: duration("start-delay") ?? 0, readyAfterMs: duration("ready-after") ?? 0 };
  const exitAfterMs = duration("exit-after");
  const exitCode = annotation("exit-code");
  if (exitAfterMs !== undefined || exitCode !== undefined) {
    steps.push({ type: "sleep", durationMs: exitAfterMs ?? 0 });
    return { ...common, steps, exitCode: Number(exitCode ?? 0) };
  }
  const env = Object.fromEntries(container.env.map(({ key, value }) => [key, value]));
  const script = interpret([...container.command, ...container.args], { env, hostname: sandbox.hostname });
  if (script !== undefined && container.command.length + container.args.length > 0) {
    return { ...common, ...script, steps: [...steps, ...script.steps] };
  }
  if (isExpectedToEnd) return { ...common, steps: [...steps, { type: "sleep", durationMs: unknownRunMs }], exitCode: 0 };
  return { ...common, steps };
}

/** KWOK's names for the same: what each container of a pod uses. */
const podUsage = { cpu: "kwok.x-k8s.io/usage-cpu", memory: "kwok.x-k8s.io/usage-memory" } as const;
const leastUsage = { cpu: 0.001, memory: 2 ** 20 } as const;

/**
 * What a container uses: its pod's annotations `simulated.coracle.dev/<container>.cpu` and `.memory`, else `kwok.x-k8s.io/usage-cpu` and
 * `kwok.x-k8s.io/usage-memory`, which are for each container of the pod, as quantities; else a thousandth of a CPU and a mebibyte.
 * Annotations may change while it runs.
 */
export function annotatedUsage({ containerName, annotations }: UsageInput): Usage {
  const read = (resource: "cpu" | "memory"): number => {
    const text = annotations[`${annotationPrefix}${containerName}.${resource}`] ?? annotations[podUsage[resource]];
    return (text === undefined ? undefined : amountOf(text)) ?? leastUsage[resource];
  };
  return { cores: read("cpu"), memoryBytes: Math.round(read("memory")) };
}

/** Undefined for what is no quantity, or less than nothing. */
function amountOf(text: string): number | undefined {
  try {
    const amount = quantityToNumber(parseQuantity(text));
    return amount >= 0 ? amount : undefined;
  } catch {
    return undefined;
  }
}

function parseMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return durationMs(text);
  } catch {
    return undefined;
  }
}
