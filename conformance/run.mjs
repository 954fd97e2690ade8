// @ts-check
/**
 * Runs the conformance tests where their clients are at hand. A machine with only Node and npm has no kubectl: then it says so and ends well, except in
 * CI, where nothing may be left out.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/lib/google-cloud-sdk/bin", "/opt/google-cloud-sdk/bin"];
const isThere = (/** @type {string} */ name) => folders.some((folder) => existsSync(join(folder, name)));
const missing = ["kubectl", "curl"].filter((name) => !isThere(name));

if (missing.length > 0) {
  console.log(
    `conformance: not run, for want of ${missing.join(" and ")}; install ${missing.length === 1 ? "it" : "them"} to run the end-to-end tests too`,
  );
  process.exitCode = process.env["CI"] === undefined ? 0 : 1;
} else {
  const result = spawnSync("vitest", ["run", "--project", "conformance", ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = result.status ?? 1;
}
