import { describe, expect, it } from "vitest";
import { VirtualClock } from "@coracle/base";
import { podInfo } from "../cache/scheduler-cache.ts";
import type { PodInfo } from "../framework/plugin.ts";
import { SchedulingQueue } from "./scheduling-queue.ts";

const info = (name: string, priority = 0): PodInfo =>
  podInfo({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "d" }, spec: { priority, containers: [] } });

describe("SchedulingQueue", () => {
  it("hands out the most important pod, then the oldest", () => {
    const queue = new SchedulingQueue({ clock: new VirtualClock() });
    for (const [name, priority] of [
      ["a", 0],
      ["b", 5],
      ["c", 0],
      ["d", 5],
    ] as const)
      queue.set(info(name, priority));
    expect(Array.from({ length: 5 }, () => queue.pop()?.info.key)).toEqual(["d/b", "d/d", "d/a", "d/c", undefined]);
  });

  it("keeps an unschedulable pod until the cluster changes, and then for its back-off", async () => {
    const clock = new VirtualClock();
    const queue = new SchedulingQueue({ clock });
    queue.set(info("a"));
    for (const backoffMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      const moves = queue.moves;
      const taken = queue.pop();
      expect(taken?.info.key).toBe("d/a");
      queue.putBack(info("a"), taken?.queued, moves);
      await clock.advance(100_000);
      expect(queue.counts).toEqual({ active: 0, backoff: 0, unschedulable: 1 });
      queue.moveAll();
      // The back-off counts from the attempt, and that is long past.
      expect(queue.counts.active).toBe(1);
      const again = queue.pop();
      queue.putBack(info("a"), again?.queued, queue.moves - 1);
      expect(queue.counts.backoff).toBe(1);
      await clock.advance(Math.min(10_000, backoffMs));
      await clock.advance(10_000);
      expect(queue.counts.active).toBe(1);
    }
  });

  it("tries again when something changed while the pod was tried", async () => {
    const clock = new VirtualClock();
    const queue = new SchedulingQueue({ clock });
    queue.set(info("a"));
    const moves = queue.moves;
    const taken = queue.pop();
    queue.moveAll();
    queue.putBack(info("a"), taken?.queued, moves);
    expect(queue.counts).toEqual({ active: 0, backoff: 1, unschedulable: 0 });
    await clock.advance(1000);
    expect(queue.counts.active).toBe(1);
  });

  it("tries everything again after five minutes, and forgets what is deleted", async () => {
    const clock = new VirtualClock();
    const queue = new SchedulingQueue({ clock });
    for (const name of ["a", "b"]) queue.set(info(name));
    for (let count = 0; count < 2; count++) {
      const taken = queue.pop();
      if (taken !== undefined) queue.putBack(taken.info, taken.queued, queue.moves);
    }
    queue.delete("d/b");
    await clock.advance(299_000);
    expect(queue.counts).toEqual({ active: 0, backoff: 0, unschedulable: 1 });
    await clock.advance(2000);
    expect(queue.counts).toEqual({ active: 1, backoff: 0, unschedulable: 0 });
    queue[Symbol.dispose]();
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes over a change that cannot help without trying again", () => {
    const queue = new SchedulingQueue({ clock: new VirtualClock() });
    queue.set(info("a"));
    const taken = queue.pop();
    queue.putBack(info("a"), taken?.queued, queue.moves);
    queue.set(info("a", 7), false);
    expect(queue.counts).toEqual({ active: 0, backoff: 0, unschedulable: 1 });
    queue.set(info("a", 8));
    expect(queue.counts.unschedulable).toBe(0);
  });
});
