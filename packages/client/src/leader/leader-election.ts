import { resources, type Lease, type LeaseSpec } from "@coracle/api";
import { linkSignals, type Clock, type Logger, type Random } from "@coracle/base";
import { formatMicroTime, hasReason } from "@coracle/apimachinery";
import type { Client, ResourceClient } from "../client.ts";
import { createLifetime } from "../lifetime.ts";

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Unique among the candidates. */
  readonly identity: string;
  /** Others wait so long after the last renewal they saw. Defaults to 15000. */
  readonly leaseDurationMs?: number;
  /** The leader gives up when it could not renew for so long. Defaults to 10000. */
  readonly renewDeadlineMs?: number;
  /** Between attempts. Defaults to 2000. */
  readonly retryPeriodMs?: number;
  /** Whether a leader that stops frees the lease at once. Defaults to true. */
  readonly releaseOnStop?: boolean;
  readonly signal: AbortSignal;
  /** Called once when the lease is won. The signal aborts when leadership ends; it ends before the lease does. */
  onStartedLeading(signal: AbortSignal): void | Promise<void>;
  onNewLeader?(identity: string): void;
}

/**
 * Takes part in the election for a Lease as client-go does: resolves when `signal` aborts or the lease that was won is lost. Times of
 * other machines are never compared: a lease counts from when this candidate saw it change.
 */
export async function runLeaderElection(options: LeaderElectionOptions): Promise<void> {
  await new Candidate(options).run();
}

const jitter = 1.2;

class Candidate {
  readonly #options: Required<Omit<LeaderElectionOptions, "onNewLeader">> & Pick<LeaderElectionOptions, "onNewLeader">;
  readonly #leases: ResourceClient<Lease>;
  #observed: Lease | undefined;
  #observedMs = 0;
  #reportedLeader = "";
  #lastSeen = "";

  constructor(options: LeaderElectionOptions) {
    this.#options = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000, releaseOnStop: true, ...options };
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#options;
    if (leaseDurationMs <= renewDeadlineMs) throw new Error("leaseDurationMs must be greater than renewDeadlineMs");
    if (renewDeadlineMs <= retryPeriodMs * jitter) throw new Error("renewDeadlineMs must be greater than retryPeriodMs times 1.2");
    this.#leases = options.client.resource(resources.leases, options.namespace);
  }

  async run(): Promise<void> {
    const { signal, log, name } = this.#options;
    const acquiredMs = await this.#acquire();
    if (acquiredMs === undefined) return;
    log.info("became leader", { lease: name });
    const leading = createLifetime();
    const onStop = (): void => leading.abort(signal.reason);
    signal.addEventListener("abort", onStop, { once: true });
    const lead = async (): Promise<void> => this.#options.onStartedLeading(leading.signal);
    lead().catch((error: unknown) => log.error("leading failed", { error }));
    await this.#renew(acquiredMs);
    signal.removeEventListener("abort", onStop);
    leading.abort(signal.aborted ? signal.reason : new Error(`lost the lease ${name}`));
    if (signal.aborted) await this.#release();
    else log.error("lost the lease", { lease: name });
  }

  /** When the attempt that won began; undefined when the signal aborts first. Counted from before the write, the lease cannot run out earlier. */
  async #acquire(): Promise<number | undefined> {
    const { clock, random, retryPeriodMs, renewDeadlineMs, signal } = this.#options;
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      if (await this.#attempt(renewDeadlineMs)) return startedMs;
      await clock.sleep(retryPeriodMs * (1 + random.next() * jitter), signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Renews until that fails for the whole deadline or the signal aborts. */
  async #renew(sinceMs: number): Promise<void> {
    const { clock, retryPeriodMs, renewDeadlineMs, signal } = this.#options;
    let renewedMs = sinceMs;
    while (!signal.aborted) {
      const remainingMs = renewedMs + renewDeadlineMs - clock.monotonic();
      if (remainingMs <= 0) return;
      await clock.sleep(Math.min(retryPeriodMs, remainingMs), signal).catch(() => undefined);
      const startedMs = clock.monotonic();
      const leftMs = renewedMs + renewDeadlineMs - startedMs;
      if (signal.aborted || leftMs <= 0) return;
      if (await this.#attempt(leftMs)) renewedMs = startedMs;
    }
  }

  /** One try to get or renew the lease that takes at most `timeoutMs`. */
  async #attempt(timeoutMs: number): Promise<boolean> {
    const { clock, signal, log } = this.#options;
    using link = linkSignals(signal);
    const timer = clock.setTimeout(() => link.controller.abort(new Error("timed out")), timeoutMs);
    const expired = new Promise<boolean>((resolve) => link.signal.addEventListener("abort", () => resolve(false), { once: true }));
    try {
      // A server that does not heed the signal must not keep a leader past its deadline.
      return await Promise.race([this.#tryAcquireOrRenew(link.signal), expired]);
    } catch (error) {
      if (!signal.aborted && !hasReason(error, "Conflict", "AlreadyExists")) log.warn("lease was not updated", { error });
      return false;
    } finally {
      timer[Symbol.dispose]();
      this.#reportLeader();
    }
  }

  async #tryAcquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { clock, identity, leaseDurationMs, name, namespace } = this.#options;
    const current = await this.#read(signal);
    const nowText = formatMicroTime(clock.now());
    const leaseDurationSeconds = Math.round(leaseDurationMs / 1000);
    const claim: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds,
      acquireTime: nowText,
      renewTime: nowText,
      leaseTransitions: 0,
    };
    if (current === undefined) {
      const metadata = { name, namespace };
      this.#observe(await this.#leases.create({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: claim }, { signal }));
      return true;
    }
    const { holderIdentity = "", acquireTime = nowText, leaseTransitions = 0 } = current.spec ?? {};
    const isOwn = holderIdentity === identity;
    if (holderIdentity !== "" && !isOwn && this.#observedMs + leaseDurationMs > clock.monotonic()) return false;
    const spec: LeaseSpec = isOwn
      ? { ...current.spec, ...claim, acquireTime, leaseTransitions }
      : { ...current.spec, ...claim, leaseTransitions: leaseTransitions + 1 };
    this.#observe(await this.#leases.update({ ...current, spec }, { signal }));
    return true;
  }

  /** The lease, from memory while it is ours: a conflict tells when somebody else changed it. */
  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { identity, name } = this.#options;
    if (this.#observed?.spec?.holderIdentity === identity) {
      const own = this.#observed;
      this.#observed = undefined;
      return own;
    }
    try {
      const lease = await this.#leases.get(name, { signal });
      this.#observe(lease);
      return lease;
    } catch (error) {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #observe(lease: Lease): void {
    this.#observed = lease;
    const text = JSON.stringify(lease.spec ?? {});
    if (text === this.#lastSeen) return;
    this.#lastSeen = text;
    this.#observedMs = this.#options.clock.monotonic();
  }

  #reportLeader(): void {
    const leader = this.#observed?.spec?.holderIdentity ?? "";
    if (leader === "" || leader === this.#reportedLeader) return;
    this.#reportedLeader = leader;
    this.#options.onNewLeader?.(leader);
  }

  async #release(): Promise<void> {
    const { clock, identity, log, releaseOnStop } = this.#options;
    const lease = this.#observed;
    if (!releaseOnStop || lease?.spec?.holderIdentity !== identity) return;
    const nowText = formatMicroTime(clock.now());
    const spec: LeaseSpec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: nowText, acquireTime: nowText };
    await this.#leases.update({ ...lease, spec }).catch((error: unknown) => log.warn("lease was not released", { error }));
  }
}
