// @ts-check
/**
 * Measures the API's operations: create, get, list, merge patch, server-side apply, and how long a watcher waits for an event; with 1, 16 and 64
 * clients and objects of 1 and 4 KB, each client with a connection of HTTP/2 of its own. Prints a table and writes `bench/results/api.json`.
 * `--peer FILE` measures another server, too, whose kubeconfig that is, in its namespace `default`: turn by turn, `--rounds N` times (3), and shows
 * the ratios of the medians; above 1 means that Coracle is that many times as fast. `--quick` takes a tenth of the requests.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const program = join(root, "packages/cli/bin/coracle.mjs");
const option = (/** @type {string} */ name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const peer = option("--peer");
const rounds = Number(option("--rounds") ?? (peer === undefined ? 1 : 3));
const requests = process.argv.includes("--quick") ? 320 : 3200;
const collection = "/api/v1/namespaces/default/configmaps";
const applyType = "application/apply-patch+yaml";
const mergeType = "application/merge-patch+json";

/** @param {string} kubeconfig */
function identityOf(kubeconfig) {
  const text = execFileSync("kubectl", ["--kubeconfig", kubeconfig, "config", "view", "--raw", "--minify", "-o", "json"], {
    encoding: "utf8",
  });
  const { clusters, users } = JSON.parse(text);
  const bytes = (/** @type {string | undefined} */ data) => (data === undefined ? undefined : Buffer.from(data, "base64"));
  const { cluster } = clusters[0];
  const { user } = users[0];
  return {
    server: cluster.server,
    tls: {
      ca: bytes(cluster["certificate-authority-data"]),
      cert: bytes(user["client-certificate-data"]),
      key: bytes(user["client-key-data"]),
    },
  };
}

/** A connection, and how to ask over it. */
class Caller {
  /** @param {ReturnType<typeof identityOf>} identity */
  constructor({ server, tls }) {
    this.session = connect(server, tls);
    this.session.on("error", (error) => {
      throw error;
    });
  }

  /** @param {string} method @param {string} path @param {{ body?: unknown, type?: string, onData?: (piece: Buffer) => void }} [options] */
  ask(method, path, { body, type = "application/json", onData } = {}) {
    return new Promise((resolve, reject) => {
      const data = body === undefined ? undefined : JSON.stringify(body);
      const head = { ":method": method, ":path": path, accept: "application/json", ...(data !== undefined && { "content-type": type }) };
      const stream = this.session.request(head, { endStream: data === undefined });
      let status = 0;
      stream.on("response", (headers) => {
        status = Number(headers[":status"]);
        if (onData !== undefined) resolve(stream);
      });
      stream.on("data", onData ?? (() => undefined));
      stream.on("error", reject);
      stream.on("end", () => (status < 300 ? resolve(status) : reject(new Error(`${method} ${path}: ${status}`))));
      if (data !== undefined) stream.end(data);
    });
  }
}

/** @param {string} name @param {number} bytes */
const objectOf = (name, bytes, text = "x") => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels: { bench: "api" } },
  data: { text: text.repeat(bytes - 300) },
});

/** Runs `operation` on all callers until `count` are done; their durations in ms. */
async function run(
  /** @type {Caller[]} */ callers,
  /** @type {number} */ count,
  /** @type {(caller: Caller, index: number) => Promise<unknown>} */ operation,
) {
  /** @type {number[]} */
  const durations = [];
  let next = 0;
  const startedMs = performance.now();
  const work = async (/** @type {Caller} */ caller) => {
    for (let index = next++; index < count; index = next++) {
      const fromMs = performance.now();
      await operation(caller, index);
      durations.push(performance.now() - fromMs);
    }
  };
  await Promise.all(callers.map(work));
  return summary(durations, performance.now() - startedMs);
}

/** @param {number[]} durations @param {number} totalMs */
function summary(durations, totalMs) {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2));
  return { perSecond: Math.round((durations.length / totalMs) * 1000), medianMs: at(0.5), p99Ms: at(0.99) };
}

/** The time from a write to its event, as seen by a watcher, while all others write. */
async function measureWatch(/** @type {Caller[]} */ callers, /** @type {number} */ bytes, /** @type {number} */ count) {
  const [watcher] = callers;
  if (watcher === undefined) throw new Error("no caller");
  /** @type {Map<string, number>} */
  const sentMs = new Map();
  /** @type {number[]} */
  const waits = [];
  let rest = "";
  const onData = (/** @type {Buffer} */ piece) => {
    const lines = (rest + piece.toString()).split("\n");
    rest = lines.pop() ?? "";
    const nowMs = performance.now();
    for (const line of lines) {
      const sent = sentMs.get(/"name":"([^"]+)"/.exec(line)?.[1] ?? "");
      if (sent !== undefined) waits.push(nowMs - sent);
    }
  };
  const stream = await watcher.ask("GET", `${collection}?watch=true&labelSelector=bench%3Dwatch`, { onData });
  const startedMs = performance.now();
  await run(callers, count, (caller, index) => {
    const object = objectOf(`w-${bytes}-${callers.length}-${index}`, bytes);
    object.metadata.labels = { bench: "watch" };
    sentMs.set(object.metadata.name, performance.now());
    return caller.ask("POST", collection, { body: object });
  });
  while (waits.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  const result = summary(waits, performance.now() - startedMs);
  stream.close();
  await watcher.ask("DELETE", `${collection}?labelSelector=bench%3Dwatch`);
  return result;
}

async function measure(/** @type {Caller[]} */ callers, /** @type {number} */ bytes) {
  const nameOf = (/** @type {number} */ index) => `b-${index}`;
  const few = Math.max(callers.length, Math.round(requests / 20));
  /** @type {Record<string, ReturnType<typeof summary>>} */
  const result = {};
  result["create"] = await run(callers, requests, (caller, index) =>
    caller.ask("POST", collection, { body: objectOf(nameOf(index), bytes) }),
  );
  result["get"] = await run(callers, requests, (caller, index) => caller.ask("GET", `${collection}/${nameOf(index)}`));
  result["patch"] = await run(callers, requests, (caller, index) =>
    caller.ask("PATCH", `${collection}/${nameOf(index)}`, { body: { data: { count: String(index) } }, type: mergeType }),
  );
  result["apply"] = await run(callers, requests, (caller, index) =>
    caller.ask("PATCH", `${collection}/${nameOf(index)}?fieldManager=bench&force=true`, {
      body: objectOf(nameOf(index), bytes, "y"),
      type: applyType,
    }),
  );
  result["list of 500"] = await run(callers, few, (caller) => caller.ask("GET", `${collection}?labelSelector=bench%3Dapi&limit=500`));
  await callers[0]?.ask("DELETE", `${collection}?labelSelector=bench%3Dapi`);
  result["watch"] = await measureWatch(callers, bytes, Math.round(requests / 4));
  return result;
}

/** @param {string} kubeconfig */
async function measureAll(kubeconfig) {
  const identity = identityOf(kubeconfig);
  /** @type {{ clients: number, bytes: number, results: Record<string, ReturnType<typeof summary>> }[]} */
  const report = [];
  const warm = [new Caller(identity)];
  await run(warm, 200, (caller, index) => caller.ask("GET", `${collection}/none-${index}`).catch(() => undefined));
  warm[0]?.session.close();
  for (const bytes of [1024, 4096])
    for (const clients of [1, 16, 64]) {
      const callers = Array.from({ length: clients }, () => new Caller(identity));
      report.push({ clients, bytes, results: await measure(callers, bytes) });
      for (const { session } of callers) session.close();
    }
  return report;
}

/** @param {(kubeconfig: string) => Promise<unknown>} use */
async function withCluster(use) {
  const home = mkdtempSync(join(tmpdir(), "coracle-bench-"));
  const args = ["up", "--name", "bench", "--ephemeral", "--runtime", "simulated", "--port", "0"];
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, CORACLE_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    return await use(join(home, "clusters/bench/data/kubeconfig"));
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(home, { recursive: true, force: true });
  }
}

/** @typedef {Awaited<ReturnType<typeof measureAll>>} Report */

/** Of the same measurement in several reports, the medians of each figure. @param {Report[]} reports @returns {Report} */
function medians(reports) {
  const middle = (/** @type {number[]} */ values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const [first = []] = reports;
  return first.map(({ clients, bytes, results }, index) => {
    const all = reports.map((report) => report[index]?.results ?? {});
    const names = Object.keys(results);
    const of = (/** @type {string} */ name, /** @type {"perSecond" | "medianMs" | "p99Ms"} */ key) =>
      middle(all.map((each) => each[name]?.[key] ?? 0));
    const figures = names.map((name) => [
      name,
      { perSecond: of(name, "perSecond"), medianMs: of(name, "medianMs"), p99Ms: of(name, "p99Ms") },
    ]);
    return { clients, bytes, results: Object.fromEntries(figures) };
  });
}

/** @type {Report[]} */
const ownReports = [];
/** @type {Report[]} */
const peerReports = [];
await withCluster(async (kubeconfig) => {
  for (let round = 0; round < rounds; round++) {
    ownReports.push(await measureAll(kubeconfig));
    if (peer !== undefined) peerReports.push(await measureAll(peer));
  }
});
const own = medians(ownReports);
const other = peer === undefined ? undefined : medians(peerReports);
for (const [index, { clients, bytes, results }] of own.entries()) {
  console.log(`\n${clients} client${clients === 1 ? "" : "s"}, ${bytes} bytes`);
  for (const [name, { perSecond, medianMs, p99Ms }] of Object.entries(results)) {
    const figures = `${String(perSecond).padStart(7)}/s   median ${medianMs.toFixed(2).padStart(8)} ms   p99 ${p99Ms.toFixed(2).padStart(8)} ms`;
    const its = other?.[index]?.results[name];
    // A watch is about how long one waits, all else about how much gets done.
    const ratio = its === undefined ? undefined : name === "watch" ? its.medianMs / medianMs : perSecond / its.perSecond;
    console.log(`  ${name.padEnd(12)} ${figures}${ratio === undefined ? "" : `   ×${ratio.toFixed(2)} of the peer`}`);
  }
}
mkdirSync(join(root, "bench/results"), { recursive: true });
const machine = { cpus: cpus().length, cpu: cpus()[0]?.model ?? "", node: process.version };
const written = { machine, requests, rounds, report: own, ...(other !== undefined && { peer: other }) };
writeFileSync(join(root, "bench/results/api.json"), `${JSON.stringify(written, null, 2)}\n`);
