import { toDisposable, type Clock } from "@coracle/base";
import type { PodInfo } from "../framework/plugin.ts";

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  /** Defaults to 1000, upstream's `podInitialBackoffSeconds`. */
  readonly initialBackoffMs?: number;
  /** Defaults to 10000. */
  readonly maxBackoffMs?: number;
  /** How long a pod may stay unschedulable without a retry. Defaults to 5 minutes. */
  readonly maxUnschedulableMs?: number;
}

interface QueuedPod {
  info: PodInfo;
  readonly addedOrder: number;
  attempts: number;
  lastAttemptMs: number;
}

/**
 * Pods that wait for a node: *active* ones by priority, then age; *backing off* ones by the time they may be tried again; and
 * *unschedulable* ones, which an event of the cluster brings back.
 */
export class SchedulingQueue implements Disposable {
  readonly #options: Required<SchedulingQueueOptions>;
  readonly #active = new Map<string, QueuedPod>();
  /** The active pods sorted, most urgent last; undefined when a pod came since. */
  #sorted: QueuedPod[] | undefined;
  readonly #backoff = new Map<string, QueuedPod>();
  readonly #unschedulable = new Map<string, QueuedPod>();
  #order = 0;
  #timer: Disposable | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  /** Counts events, so that one which comes while a pod is being tried is not lost. */
  #moves = 0;
  onActive: () => void = () => {};

  constructor(options: SchedulingQueueOptions) {
    this.#options = { initialBackoffMs: 1000, maxBackoffMs: 10_000, maxUnschedulableMs: 300_000, ...options };
  }

  get moves(): number {
    return this.#moves;
  }

  /** Adds a new pod, or takes over a changed one. `mayHelp` says whether the change may have made it schedulable. Defaults to true. */
  set(info: PodInfo, mayHelp = true): void {
    const known = this.#active.get(info.key) ?? this.#backoff.get(info.key);
    if (known !== undefined) {
      known.info = info;
      this.#sorted = undefined;
      return;
    }
    const stuck = this.#unschedulable.get(info.key);
    if (stuck !== undefined) {
      stuck.info = info;
      if (!mayHelp) return;
      this.#unschedulable.delete(info.key);
      this.#retry(stuck);
      return;
    }
    this.#activate({ info, addedOrder: this.#order++, attempts: 0, lastAttemptMs: 0 });
  }

  delete(key: string): void {
    if (this.#active.delete(key)) this.#sorted = undefined;
    this.#backoff.delete(key);
    this.#unschedulable.delete(key);
  }

  /** Takes the most urgent pod. */
  pop(): { info: PodInfo; queued: unknown } | undefined {
    if (this.#sorted === undefined) {
      this.#sorted = [...this.#active.values()].sort((a, b) => a.info.priority - b.info.priority || b.addedOrder - a.addedOrder);
    }
    const next = this.#sorted.pop();
    if (next === undefined) return undefined;
    this.#active.delete(next.info.key);
    next.attempts++;
    next.lastAttemptMs = this.#options.clock.now();
    return { info: next.info, queued: next };
  }

  /** Puts a pod back that could not be placed. `movesAtPop` is {@link moves} when it was taken. */
  putBack(info: PodInfo, queued: unknown, movesAtPop: number): void {
    if (this.#active.has(info.key) || this.#backoff.has(info.key) || this.#unschedulable.has(info.key)) return;
    const pod = queued as QueuedPod;
    if (movesAtPop === this.#moves) {
      this.#unschedulable.set(info.key, pod);
      this.#arm(pod.lastAttemptMs + this.#options.maxUnschedulableMs);
    } else this.#retry(pod);
  }

  /** Something changed in the cluster: gives every unschedulable pod that `isHelped` another try, after its back-off. */
  moveAll(isHelped: (info: PodInfo) => boolean = () => true): void {
    this.#moves++;
    for (const [key, pod] of this.#unschedulable) {
      if (!isHelped(pod.info)) continue;
      this.#unschedulable.delete(key);
      this.#retry(pod);
    }
  }

  get counts(): { active: number; backoff: number; unschedulable: number } {
    return { active: this.#active.size, backoff: this.#backoff.size, unschedulable: this.#unschedulable.size };
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #activate(pod: QueuedPod): void {
    this.#active.set(pod.info.key, pod);
    const last = this.#sorted?.[0];
    // The commonest case needs no sorting: a pod no more urgent than all that wait.
    if (
      this.#sorted !== undefined &&
      (last === undefined || pod.info.priority <= last.info.priority) &&
      pod.addedOrder >= (last?.addedOrder ?? 0)
    )
      this.#sorted.unshift(pod);
    else this.#sorted = undefined;
    this.onActive();
  }

  #retry(pod: QueuedPod): void {
    const dueMs = pod.lastAttemptMs + this.#backoffMs(pod);
    if (dueMs <= this.#options.clock.now()) {
      this.#activate(pod);
      return;
    }
    this.#backoff.set(pod.info.key, pod);
    this.#arm(dueMs);
  }

  #backoffMs(pod: QueuedPod): number {
    return Math.min(this.#options.maxBackoffMs, this.#options.initialBackoffMs * 2 ** Math.max(0, pod.attempts - 1));
  }

  #arm(dueMs: number): void {
    if (dueMs >= this.#timerDueMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerDueMs = dueMs;
    const timer = this.#options.clock.setTimeout(() => this.#onTimer(), dueMs - this.#options.clock.now());
    this.#timer = toDisposable(() => timer[Symbol.dispose]());
  }

  #onTimer(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.clock.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [waiting, delayMs] of [
      [this.#backoff, (pod: QueuedPod) => this.#backoffMs(pod)],
      [this.#unschedulable, () => this.#options.maxUnschedulableMs],
    ] as const) {
      for (const [key, pod] of waiting) {
        const dueMs = pod.lastAttemptMs + delayMs(pod);
        if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
        else {
          waiting.delete(key);
          this.#activate(pod);
        }
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#arm(nextMs);
  }
}
