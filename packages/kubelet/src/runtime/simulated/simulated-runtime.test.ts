import { createSeededRandom, VirtualClock } from "@coracle/base";
import { expect, test } from "vitest";
import { runtimeLaws } from "../conformance.ts";
import { interpret } from "./script.ts";
import { createSimulatedRuntime } from "./simulated-runtime.ts";

test.each(runtimeLaws)("$name", async ({ check }) => {
  const clock = new VirtualClock();
  await using runtime = createSimulatedRuntime({ clock, random: createSeededRandom(1), podCidr: "10.1.2.0/29" });
  let count = 0;
  await check({
    runtime,
    image: "busybox",
    logDirectory: "/nonexistent",
    pass: () => clock.advance(100),
    unique: () => `pod-${++count}`,
  });
});

test("only commands that are understood are interpreted", () => {
  const environment = { env: { NAME: "you" }, hostname: "web" };
  const run = (source: string) => interpret(["sh", "-c", source], environment);
  expect(run('echo "hello $NAME" && sleep 2; exit 4')).toEqual({
    steps: [
      { type: "print", text: "hello you" },
      { type: "sleep", durationMs: 2000 },
    ],
    exitCode: 4,
  });
  expect(run("false && echo no")).toEqual({ steps: [], exitCode: 1 });
  expect(run("sleep infinity")).toEqual({ steps: [] });
  for (const source of ["while true; do sleep 1; done", "nginx -g x", "echo a > /tmp/b", "echo $(date)"]) {
    expect(run(source)).toBeUndefined();
  }
});
