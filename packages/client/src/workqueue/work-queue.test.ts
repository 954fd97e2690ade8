import { VirtualClock } from "@coracle/base";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBucketLimiter, createControllerLimiter, createExponentialLimiter } from "./rate-limiter.ts";
import { WorkQueue } from "./work-queue.ts";

describe("WorkQueue", () => {
  it("gives each key to one worker at a time and loses none", async () => {
    const key = fc.constantFrom("a", "b", "c");
    const command = fc.oneof(
      fc.record({ type: fc.constant("add" as const), key }),
      fc.record({ type: fc.constant("addAfter" as const), key, delayMs: fc.nat(5) }),
      fc.record({ type: fc.constant("take" as const) }),
      fc.record({ type: fc.constant("done" as const), key }),
      fc.record({ type: fc.constant("wait" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
        const clock = new VirtualClock();
        const queue = new WorkQueue({ clock });
        const owned = new Set<string>();
        // Keys that somebody asked for and no worker has begun since.
        const owed = new Set<string>();
        const take = (): void => {
          const taken = queue.tryTake();
          if (taken === undefined) return;
          expect(owned.has(taken)).toBe(false);
          owned.add(taken);
          owed.delete(taken);
        };
        for (const step of commands) {
          if (step.type === "add" || step.type === "addAfter") owed.add(step.key);
          if (step.type === "add") queue.add(step.key);
          else if (step.type === "addAfter") queue.addAfter(step.key, step.delayMs);
          else if (step.type === "take") take();
          else if (step.type === "done" && owned.delete(step.key)) queue.done(step.key);
          else if (step.type === "wait") await clock.advance(2, async () => undefined);
          expect(queue.length + owned.size).toBeLessThanOrEqual(6);
          expect(queue.processing).toBe(owned.size);
        }
        await clock.advance(10, async () => undefined);
        for (const finished of owned) queue.done(finished);
        owned.clear();
        while (queue.length > 0) take();
        expect([...owed]).toEqual([]);
        await clock.advance(0);
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it("wakes waiting workers in turn and lets them go when it is shut down", async () => {
    const queue = new WorkQueue({ clock: new VirtualClock() });
    const first = queue.take();
    const second = queue.take();
    queue.add("x");
    expect(await first).toBe("x");
    let isDrained = false;
    const drained = queue.shutDown().then(() => (isDrained = true));
    expect(await second).toBeUndefined();
    expect(isDrained).toBe(false);
    queue.done("x");
    await drained;
    queue.add("y");
    expect(await queue.take()).toBeUndefined();
  });

  it("lets the workers finish what is ready when it drains", async () => {
    const queue = new WorkQueue({ clock: new VirtualClock() });
    queue.add("x");
    const drained = queue.shutDown(true);
    expect(await queue.take()).toBe("x");
    queue.done("x");
    await drained;
  });

  it("keeps the earlier of two times for a key", async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter("x", 100);
    queue.addAfter("x", 10);
    queue.addAfter("x", 50);
    await clock.advance(10);
    expect(queue.length).toBe(1);
    expect(queue.delayed).toBe(0);
  });
});

describe("rate limiters", () => {
  it("double the pause of a key from 5 ms to 1000 s and forget", () => {
    const limiter = createExponentialLimiter();
    expect(Array.from({ length: 4 }, () => limiter.when("x"))).toEqual([5, 10, 20, 40]);
    for (let failure = 0; failure < 30; failure++) limiter.when("x");
    expect(limiter.when("x")).toBe(1_000_000);
    limiter.forget("x");
    expect([limiter.failures("x"), limiter.when("x"), limiter.when("y")]).toEqual([0, 5, 5]);
  });

  it("let 100 go at once, then 10 a second", async () => {
    const clock = new VirtualClock();
    const limiter = createBucketLimiter(clock);
    for (let call = 0; call < 100; call++) expect(limiter.when("x")).toBe(0);
    expect([limiter.when("x"), limiter.when("y")]).toEqual([100, 200]);
    await clock.advance(1000);
    expect(limiter.when("x")).toBe(0);
    expect(createControllerLimiter(clock).when("x")).toBe(5);
  });
});
