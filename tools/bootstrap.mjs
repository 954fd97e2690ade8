// @ts-check
/**
 * Makes a fresh checkout runnable: checks Node, installs what package-lock.json names when that changed (`npm ci` refuses optional packages of other platforms in the linked layout), and builds when a
 * source changed. Costs a few milliseconds when there is nothing to do. Written for old Node versions too, so that they get the
 * message and not a syntax error.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`coracle: Node ${process.versions.node} is too old; install Node 20.19 or newer (https://nodejs.org)`);
  process.exit(1);
}

/** @param {string} stampName @param {string} digest @param {() => void} work */
function onceFor(stampName, digest, work) {
  const stamp = join(root, "node_modules/.cache", stampName);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" });
  } catch {
    console.error(`coracle: "${command} ${args.join(" ")}" failed; its output is above`);
    process.exit(1);
  }
}

/** @param {string} folder @param {import("node:crypto").Hash} hash */
function hashTree(folder, hash) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name === "node_modules" || entry.name === "dist") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) hashTree(path, hash);
    else {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path} ${mtimeMs} ${size}\n`);
    }
  }
}

const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
onceFor("installed", lock, () => run("npm", ["install", "--no-save", "--loglevel=error"]));

const sources = createHash("sha256").update(lock);
hashTree(join(root, "packages"), sources);
const isBuilt = existsSync(join(root, "packages/cli/dist/coracle.mjs"));
onceFor("built", isBuilt ? sources.digest("hex") : "", () => run(process.execPath, ["tools/build.mjs"]));
