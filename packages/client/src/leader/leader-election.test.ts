import { resources, type LeaseSpec } from "@coracle/api";
import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import { newServiceUnavailable } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { createClient } from "../create-client.ts";
import { createFakeTransport, type FakeTransport } from "../fake/fake-transport.ts";
import { runLeaderElection } from "./leader-election.ts";

interface Candidate {
  readonly stop: AbortController;
  readonly log: string[];
}

function setUp(): { clock: VirtualClock; transport: FakeTransport; lease(): LeaseSpec | undefined; join(identity: string): Candidate } {
  const clock = new VirtualClock();
  const transport = createFakeTransport({ clock });
  const join = (identity: string): Candidate => {
    const client = createClient({ transport, clock, log: silentLogger });
    const stop = new AbortController();
    const log: string[] = [];
    const base = { client, clock, random: createSeededRandom(identity.charCodeAt(0)), log: silentLogger };
    const election = runLeaderElection({
      ...base,
      namespace: "kube-system",
      name: "test",
      identity,
      signal: stop.signal,
      onStartedLeading(signal) {
        log.push(`leads at ${clock.monotonic()}`);
        signal.addEventListener("abort", () => log.push(`ends at ${clock.monotonic()}`), { once: true });
      },
      onNewLeader: (leader) => void log.push(`sees ${leader}`),
    });
    void election.then(() => log.push("over"));
    return { stop, log };
  };
  return { clock, transport, lease: () => transport.get(resources.leases, "kube-system/test")?.spec, join };
}

describe("leader election", () => {
  it("gives the lease to one candidate, which renews it every two seconds", async () => {
    const { clock, lease, join } = setUp();
    const first = join("a");
    await clock.advance(0);
    const second = join("b");
    await clock.advance(60_000);
    expect(first.log).toEqual(["sees a", "leads at 0"]);
    expect(second.log).toEqual(["sees a"]);
    expect(lease()).toMatchObject({
      holderIdentity: "a",
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:01:00.000000Z",
    });
    for (const { stop } of [first, second]) stop.abort(new Error("test ends"));
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("hands over at once when the leader stops", async () => {
    const { clock, lease, join } = setUp();
    const first = join("a");
    await clock.advance(5000);
    const second = join("b");
    await clock.advance(1000);
    first.stop.abort(new Error("stop"));
    await clock.advance(5000);
    expect(first.log.slice(-2)).toEqual(["ends at 6000", "over"]);
    expect(second.log[1]).toBe("sees b");
    expect(lease()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
    second.stop.abort(new Error("test ends"));
  });

  it("ends leadership ten seconds after the last renewal, before anybody else can begin", async () => {
    const { clock, transport, join } = setUp();
    const first = join("a");
    await clock.advance(4000);
    const second = join("b");
    await clock.advance(500);
    // The leader's writes fail from now on; the other's do not.
    transport.intercept(({ body, verb }) => {
      if (verb === "update" && (body as { spec: LeaseSpec }).spec.holderIdentity === "a") throw newServiceUnavailable("cut off");
    });
    await clock.advance(60_000);
    expect(first.log).toEqual(["sees a", "leads at 0", "ends at 14000", "over"]);
    const began = Number(/^leads at ([\d.]+)$/.exec(second.log.at(-1) ?? "")?.[1]);
    expect(began).toBeGreaterThanOrEqual(19_000);
    expect(began).toBeLessThan(19_000 + 4400);
    second.stop.abort(new Error("test ends"));
  });

  it("does not wait for a server that never answers", async () => {
    const { clock, transport, join } = setUp();
    const first = join("a");
    await clock.advance(1000);
    transport.intercept(({ verb }) => (verb === "update" ? new Promise<void>(() => undefined) : undefined));
    await clock.advance(20_000);
    expect(first.log).toEqual(["sees a", "leads at 0", "ends at 10000", "over"]);
  });
});
