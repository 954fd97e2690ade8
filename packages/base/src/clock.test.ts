import { expect, test } from "vitest";
import { systemClock } from "./clock.ts";

test("promise jobs that follow on each other for long give way to timers", async () => {
  let isOver = false;
  setTimeout(() => (isOver = true), 1);
  let rounds = 0;
  while (!isOver && rounds < 10_000_000) {
    rounds++;
    await systemClock.giveWay();
  }
  expect(isOver).toBe(true);
});
