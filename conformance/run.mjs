// @ts-check
/**
 * Runs the conformance tests where their clients are at hand. A machine with only Node and npm has no kubectl: then it says so and ends well, except in
 * CI, where nothing may be left out.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/lib/google-cloud-sdk/bin", "/opt/google-cloud-sdk/bin"];
const isThere = (/** @type {string} */ name) => folders.some((folder) => existsSync(join(folder, name)));
/** The exit code. What the patient tests print comes in one piece. */
async function run(/** @type {"all" | "others" | "patient"} */ part, /** @type {string[]} */ args = []) {
  const child = spawn("vitest", ["run", "--project", "conformance", ...args], {
    env: { ...process.env, CONFORMANCE_PART: part },
    stdio: part === "patient" ? ["ignore", "pipe", "pipe"] : "inherit",
  });
  /** @type {Buffer[]} */
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (/** @type {Buffer} */ piece) => output.push(piece));
  const [code] = await once(child, "close");
  process.stdout.write(Buffer.concat(output));
  return typeof code === "number" ? code : 1;
}

const missing = ["kubectl", "curl"].filter((name) => !isThere(name));

if (missing.length > 0) {
  console.log(
    `conformance: not run, for want of ${missing.join(" and ")}; install ${missing.length === 1 ? "it" : "them"} to run the end-to-end tests too`,
  );
  process.exitCode = process.env["CI"] === undefined ? 0 : 1;
} else {
  const given = process.argv.slice(2);
  const codes = await Promise.all(given.length > 0 ? [run("all", given)] : [run("others"), run("patient")]);
  process.exitCode = Math.max(...codes);
}
