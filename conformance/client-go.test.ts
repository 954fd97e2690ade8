/** The clients that Go programs use, in their default encoding, which is protobuf. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { root, runProgram } from "./src/coracle.ts";

const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/local/go/bin", "/usr/lib/go/bin"];
const go = folders.map((folder) => join(folder, "go")).find((path) => existsSync(path));
/** The first time the modules come over the network, and everything is compiled. */
const timeoutMs = 15 * 60_000;
const leastChecks = 70;

if (go === undefined) console.log("client-go: not run, for want of Go; install it (1.26 or later) to run these tests too");

describe.skipIf(go === undefined)("client-go", () => {
  let server: ServerUnderTest;
  beforeAll(() => {
    server = serverUnderTest("client-go");
  });
  afterAll(() => server[Symbol.dispose]());

  it(
    "finds everything as on any other server",
    () => {
      const env = { ...process.env, KUBECONFIG: server.kubeconfig };
      const cwd = join(root, "conformance/client-go");
      const { code, stdout, stderr } = runProgram(go as string, ["run", "."], { env, cwd, timeoutMs });
      const lines = stdout.split("\n");
      expect(lines.filter((line) => line.startsWith("FAIL"))).toEqual([]);
      expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
      expect(lines.filter((line) => line.startsWith("PASS")).length).toBeGreaterThanOrEqual(leastChecks);
    },
    timeoutMs,
  );
});
