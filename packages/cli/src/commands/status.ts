import { readFileSync } from "node:fs";
import { systemClock, systemRandom, silentLogger } from "@coracle/base";
import { createClient, createHttpsTransport, loadKubeconfigText, type Client } from "@coracle/client";
import { nodesOf, type NodeReport } from "@coracle/cluster";
import { checkClusterName, kubeconfigPath, listClusterNames, readClusterRecord, readRunRecord, type ClusterRecord } from "../home.ts";
import { UserError } from "../user-error.ts";

/** What `coracle status -o json` prints; fields are only ever added. */
export type ClusterStatus = KnownStatus | { readonly name: string; readonly state: "damaged"; readonly problem: string };

interface KnownStatus {
  readonly name: string;
  readonly state: "running" | "stopped" | "unreachable";
  readonly isEphemeral: boolean;
  readonly dataDirectory: string;
  readonly kubeconfig: string;
  readonly url?: string;
  readonly pid?: number;
  readonly startedAt?: string;
  readonly runtime?: { readonly name: string; readonly reason: string };
  readonly nodes?: readonly NodeReport[];
}

/** `coracle status`: exits with 0 when the cluster runs and answers, with 3 when it does not. */
export async function status(name: string | undefined, output: "text" | "json"): Promise<void> {
  const names = name === undefined ? listClusterNames() : [checkClusterName(name)];
  const reports = (await Promise.all(names.map(name === undefined ? reportAnyway : report))).filter((entry) => entry !== undefined);
  if (name !== undefined && reports.length === 0)
    throw new UserError(`there is no cluster "${name}"`, `start it with: coracle up --name ${name}`);
  if (output === "json") process.stdout.write(`${JSON.stringify(name === undefined ? reports : reports[0], null, 2)}\n`);
  else process.stdout.write(reports.length === 0 ? "there is no cluster; start one with: coracle up\n" : reports.map(format).join("\n"));
  if (name !== undefined && reports[0]?.state !== "running") process.exitCode = 3;
}

/** One damaged cluster does not hide the others. */
async function reportAnyway(name: string): Promise<ClusterStatus | undefined> {
  try {
    return await report(name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, state: "damaged", problem: `${error.message}; ${error.remedy}` };
  }
}

async function report(name: string): Promise<ClusterStatus | undefined> {
  const record = readClusterRecord(name);
  if (record === undefined) return undefined;
  const base = { name, isEphemeral: record.isEphemeral, dataDirectory: record.dataDirectory, kubeconfig: kubeconfigPath(record) };
  const run = readRunRecord(name);
  if (run === undefined) return { ...base, state: "stopped" };
  const running = { ...base, url: run.url, pid: run.pid, startedAt: run.startedAt, runtime: run.runtime };
  try {
    const client = await openClient(record);
    try {
      return { ...running, state: "running", nodes: await nodesOf(client, AbortSignal.timeout(5000)) };
    } finally {
      client.close();
    }
  } catch {
    return { ...running, state: "unreachable" };
  }
}

async function openClient(record: ClusterRecord): Promise<Client> {
  const access = await loadKubeconfigText(readFileSync(kubeconfigPath(record), "utf8"));
  const transport = createHttpsTransport({ ...access, userAgent: "coracle", clock: systemClock, random: systemRandom });
  return createClient({ transport, clock: systemClock, log: silentLogger });
}

function format(status: ClusterStatus): string {
  if (status.state === "damaged") return `cluster "${status.name}"\n  state       damaged\n  problem     ${status.problem}\n`;
  const nodes = (status.nodes ?? []).map((node) => `${node.name} (${node.isReady ? "Ready" : "NotReady"})`);
  const rows: [string, string | undefined][] = [
    ["state", status.state],
    ["API", status.url],
    ["process", status.pid?.toString()],
    ["runtime", status.runtime && `${status.runtime.name}: ${status.runtime.reason}`],
    ["nodes", nodes.length > 8 ? `${nodes.slice(0, 8).join(", ")} … ${nodes.length} in all` : nodes.join(", ")],
    ["kubeconfig", status.kubeconfig],
    ["data", status.isEphemeral ? "in memory" : status.dataDirectory],
  ];
  const lines = rows.filter(([, text]) => text !== undefined && text !== "").map(([label, text]) => `  ${label.padEnd(11)} ${text}`);
  return [`cluster "${status.name}"`, ...lines, ""].join("\n");
}
