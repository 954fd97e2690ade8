import type { Clock, Random } from "@coracle/base";
import type { Container, Pod, Probe } from "@coracle/api";
import type { EventRecorder } from "@coracle/client";
import { isFinished } from "../containers/pod-spec.ts";
import type { ProbeMetrics } from "../metrics/probe-metrics.ts";
import { portNumber } from "../podworkers/hooks.ts";
import type { ProbeVerdicts } from "../podworkers/plan.ts";
import type { ContainerState, PodSandbox, Runtime } from "../runtime/runtime.ts";

export interface ProberOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventRecorder;
  readonly nodeAddress: string;
  readonly metrics: ProbeMetrics;
}

export interface ProbeTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly state: ContainerState;
  readonly sandbox: PodSandbox;
  /** Called when a result changed. */
  onChange(): void;
}

type ProbeType = "Startup" | "Liveness" | "Readiness";

interface ProbeLoop {
  readonly type: ProbeType;
  readonly probe: Probe;
  timer: Disposable | undefined;
  successes: number;
  failures: number;
  /** Undefined until a threshold was reached. */
  result: boolean | undefined;
}

interface Watched {
  target: ProbeTarget;
  readonly loops: ProbeLoop[];
  isRemoved: boolean;
}

/** Runs the probes of running containers on the clock and remembers what they found. Liveness and readiness wait for startup. */
export class Prober implements ProbeVerdicts {
  readonly #options: ProberOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Probes a running container; a second call only renews the pod. */
  add(target: ProbeTarget): void {
    const known = this.#watched.get(target.state.id);
    if (known !== undefined) {
      known.target = target;
      return;
    }
    const { startupProbe, livenessProbe, readinessProbe } = target.container;
    const loops: ProbeLoop[] = [];
    for (const [type, probe] of [
      ["Startup", startupProbe],
      ["Liveness", livenessProbe],
      ["Readiness", readinessProbe],
    ] as const) {
      if (probe !== undefined) loops.push({ type, probe, timer: undefined, successes: 0, failures: 0, result: undefined });
    }
    if (loops.length === 0) return;
    const watched: Watched = { target, loops, isRemoved: false };
    this.#watched.set(target.state.id, watched);
    const hasStartup = startupProbe !== undefined;
    for (const loop of loops) if (loop.type === "Startup" || !hasStartup) this.#schedule(watched, loop, this.#firstDelayMs(watched, loop));
  }

  remove(containerId: string): void {
    const watched = this.#watched.get(containerId);
    if (watched === undefined) return;
    watched.isRemoved = true;
    for (const { timer, type } of watched.loops) {
      timer?.[Symbol.dispose]();
      this.#options.metrics.forget(watched.target, type);
    }
    this.#watched.delete(containerId);
  }

  removePod(uid: string): void {
    for (const [id, { target }] of this.#watched) if (target.pod.metadata.uid === uid) this.remove(id);
  }

  stop(): void {
    for (const id of this.#watched.keys()) this.remove(id);
  }

  isReady(containerId: string, container: Container): boolean {
    return container.readinessProbe === undefined || this.#result(containerId, "Readiness") === true;
  }

  isStarted(containerId: string, container: Container): boolean {
    return container.startupProbe === undefined || this.#result(containerId, "Startup") === true;
  }

  failure(containerId: string): "Liveness" | "Startup" | undefined {
    if (this.#result(containerId, "Startup") === false) return "Startup";
    return this.#result(containerId, "Liveness") === false ? "Liveness" : undefined;
  }

  #result(containerId: string, type: ProbeType): boolean | undefined {
    return this.#watched.get(containerId)?.loops.find((loop) => loop.type === type)?.result;
  }

  #firstDelayMs({ target }: Watched, { probe }: ProbeLoop): number {
    const sinceStartMs = this.#options.clock.now() - target.state.startedAtMs;
    const delayMs = (probe.initialDelaySeconds ?? 0) * 1000 - sinceStartMs;
    if (delayMs > 0) return delayMs;
    // Of containers that ran before this kubelet did, not all are probed at the same moment.
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    return sinceStartMs > periodMs ? this.#options.random.next() * periodMs : 0;
  }

  #schedule(watched: Watched, loop: ProbeLoop, delayMs: number): void {
    const run = (): void => void this.#probe(watched, loop);
    if (delayMs <= 0) run();
    else loop.timer = this.#options.clock.setTimeout(run, delayMs);
  }

  async #probe(watched: Watched, loop: ProbeLoop): Promise<void> {
    const { target, isRemoved } = watched;
    if (isRemoved) return;
    const { isSuccess, output } = await this.#options.metrics.measure(target, loop.type, () => this.#execute(target, loop.probe));
    if (watched.isRemoved) this.#options.metrics.forget(target, loop.type);
    if (watched.isRemoved || isFinished(watched.target.pod)) return;
    const before = loop.result;
    this.#count(watched, loop, { isSuccess, output });
    const isStartupOver = loop.type === "Startup" && loop.result !== undefined;
    if (!isStartupOver) this.#schedule(watched, loop, (loop.probe.periodSeconds ?? 10) * 1000);
    if (loop.type === "Startup" && loop.result === true) {
      for (const other of watched.loops) if (other !== loop) this.#schedule(watched, other, this.#firstDelayMs(watched, other));
    }
    if (before !== loop.result) watched.target.onChange();
  }

  #count({ target }: Watched, loop: ProbeLoop, { isSuccess, output }: { isSuccess: boolean; output: string }): void {
    const { probe, type } = loop;
    if (isSuccess) {
      loop.failures = 0;
      if (++loop.successes >= (probe.successThreshold ?? 1)) loop.result = true;
      return;
    }
    loop.successes = 0;
    this.#options.events.record(target.pod, "Warning", "Unhealthy", `${type} probe failed: ${output}`);
    if (++loop.failures >= (probe.failureThreshold ?? 3)) loop.result = false;
  }

  async #execute({ container, state, sandbox }: ProbeTarget, probe: Probe): Promise<{ isSuccess: boolean; output: string }> {
    const { runtime, nodeAddress } = this.#options;
    const timeoutSeconds = probe.timeoutSeconds ?? 1;
    const common = { host: sandbox.ips[0] ?? nodeAddress, timeoutMs: timeoutSeconds * 1000 };
    try {
      if (probe.exec !== undefined) {
        const { stdout, stderr, exitCode } = await runtime.execSync(state.id, probe.exec.command ?? [], timeoutSeconds);
        return { isSuccess: exitCode === 0, output: Buffer.concat([stdout, stderr]).toString() };
      }
      if (probe.httpGet !== undefined) {
        const { host, path = "/", port, scheme, httpHeaders = [] } = probe.httpGet;
        const headers = httpHeaders.map(({ name, value }) => ({ name, value }));
        return await runtime.probeNetwork(sandbox.id, {
          ...common,
          type: "http",
          path,
          headers,
          port: portNumber(container, port),
          scheme: scheme === "HTTPS" ? "HTTPS" : "HTTP",
          ...(host === undefined || host === "" ? {} : { host }),
        });
      }
      if (probe.tcpSocket !== undefined) {
        const { host, port } = probe.tcpSocket;
        return await runtime.probeNetwork(sandbox.id, {
          ...common,
          type: "tcp",
          port: portNumber(container, port),
          ...(host === undefined || host === "" ? {} : { host }),
        });
      }
      if (probe.grpc !== undefined) {
        const { port, service = "" } = probe.grpc;
        return await runtime.probeNetwork(sandbox.id, { ...common, type: "grpc", port, service });
      }
      return { isSuccess: true, output: "" };
    } catch (error) {
      return { isSuccess: false, output: error instanceof Error ? error.message : String(error) };
    }
  }
}
