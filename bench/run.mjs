// @ts-check
/**
 * Measures what a newcomer feels: time from process start to the API's readiness and to a Ready node, memory when idle, and the time from `kubectl apply`
 * of a 100-replica Deployment to its availability on the simulated runtime. Medians of fresh clusters; prints a table and writes
 * `bench/results/latest.json`. `--quick` takes three runs instead of nine, `--runs N` any number.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const program = join(root, "packages/cli/bin/coracle.mjs");
const runs = process.argv.includes("--runs")
  ? Number(process.argv[process.argv.indexOf("--runs") + 1])
  : process.argv.includes("--quick")
    ? 3
    : 9;

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "hundred" },
  spec: {
    replicas: 100,
    selector: { matchLabels: { app: "hundred" } },
    template: { metadata: { labels: { app: "hundred" } }, spec: { containers: [{ name: "main", image: "nginx" }] } },
  },
};

/** @param {boolean} isEphemeral */
async function measure(isEphemeral) {
  const home = mkdtempSync(join(tmpdir(), "coracle-bench-"));
  const env = { ...process.env, CORACLE_HOME: home };
  const startedMs = performance.now();
  const args = ["up", "--name", "bench", "--runtime", "simulated", "--nodes", "2", "--port", "0", ...(isEphemeral ? ["--ephemeral"] : [])];
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const readyMs = performance.now() - startedMs;
  const kubeconfig = join(home, "clusters/bench/data/kubeconfig");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const idleMiB = residentMiB(child.pid);
  const kubectl = (/** @type {string[]} */ ...words) =>
    spawnSync("kubectl", words, { env: { ...env, KUBECONFIG: kubeconfig }, input: JSON.stringify(deployment), encoding: "utf8" });
  const applyMs = performance.now();
  const applied = kubectl("apply", "-f", "-");
  const waited = kubectl("wait", "--for=condition=Available", "--timeout=60s", "deployment/hundred");
  const availableMs = performance.now() - applyMs;
  if (applied.status !== 0 || waited.status !== 0) throw new Error(`kubectl failed: ${applied.stderr}${waited.stderr}`);
  const ready = JSON.parse(kubectl("get", "deployment", "hundred", "-o", "json").stdout).status.readyReplicas;
  const loadedMiB = residentMiB(child.pid);
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
  rmSync(home, { recursive: true, force: true });
  return { readyMs, idleMiB, availableMs, ready, loadedMiB };
}

/** @param {number | undefined} pid */
function residentMiB(pid) {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** @type {Record<string, Awaited<ReturnType<typeof measure>>[]>} */
const samples = { ephemeral: [], durable: [] };
// Interleaved, so that a machine that slows down slows both.
for (let run = 0; run < runs; run++) for (const kind of ["ephemeral", "durable"]) samples[kind]?.push(await measure(kind === "ephemeral"));

/** @type {[string, (sample: Awaited<ReturnType<typeof measure>>) => number, string, number | undefined][]} */
const figures = [
  ["process start to API ready and nodes Ready", (sample) => sample.readyMs, "ms", 800],
  ["resident memory, idle", (sample) => sample.idleMiB, "MiB", 130],
  ["kubectl apply of 100 replicas to Available", (sample) => sample.availableMs, "ms", 2000],
  ["resident memory with 100 pods", (sample) => sample.loadedMiB, "MiB", undefined],
];
const report = Object.fromEntries(
  Object.entries(samples).map(([kind, list]) => [
    kind,
    figures.map(([name, read, unit, goal]) => ({
      name,
      unit,
      goal,
      median: median(list.map(read)),
      least: Math.min(...list.map(read)),
      most: Math.max(...list.map(read)),
    })),
  ]),
);
for (const [kind, rows] of Object.entries(report)) {
  console.log(`\n${kind}, median of ${runs} (least … most)`);
  for (const row of rows)
    console.log(
      `  ${row.name.padEnd(46)} ${row.median.toFixed(0).padStart(6)} ${row.unit.padEnd(3)} (${row.least.toFixed(0)} … ${row.most.toFixed(0)})${row.goal === undefined ? "" : `  goal ${row.goal}`}`,
    );
}
mkdirSync(join(root, "bench/results"), { recursive: true });
const machine = { cpus: cpus().length, cpu: cpus()[0]?.model ?? "", memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
writeFileSync(join(root, "bench/results/latest.json"), `${JSON.stringify({ machine, runs, report }, null, 2)}\n`);
