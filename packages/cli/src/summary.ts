import type { RuntimeReport } from "@coracle/cluster";

export interface Summary {
  readonly name: string;
  readonly url: string;
  readonly kubeconfigPath: string;
  readonly dataDirectory: string;
  readonly isEphemeral: boolean;
  readonly runtime: RuntimeReport;
  readonly nodes: readonly string[];
  readonly readyAfterMs: number;
  readonly isDetached: boolean;
}

/** What a person wants to know after `coracle up`, one fact a line. */
export function formatSummary(summary: Summary): string {
  const { name, runtime, nodes } = summary;
  const flag = name === "default" ? "" : ` --name ${name}`;
  const rows: [string, string][] = [
    ["API", summary.url],
    ["kubeconfig", summary.kubeconfigPath],
    ["use it", `export KUBECONFIG=${quote(summary.kubeconfigPath)}`],
    [nodes.length === 1 ? "node" : "nodes", nodes.length <= 3 ? nodes.join(", ") : `${nodes.length}: ${nodes[0]} … ${nodes.at(-1)}`],
    ["runtime", `${runtime.name}${runtime.version === "" ? "" : ` ${runtime.version}`}: ${runtime.reason}`],
    ["", "another: --runtime containerd | simulated | auto"],
    ["data", summary.isEphemeral ? "in memory; gone when it stops" : summary.dataDirectory],
    ["stop it", summary.isDetached ? `coracle down${flag}` : "Ctrl-C"],
  ];
  const lines = rows.map(([label, text]) => `  ${label.padEnd(11)} ${text}`);
  return [`cluster "${name}" is ready after ${(summary.readyAfterMs / 1000).toFixed(2)} s`, "", ...lines, ""].join("\n");
}

export function printSummary(summary: Summary): void {
  process.stdout.write(`${formatSummary(summary)}\n`);
}

/** Quotes a path for a POSIX shell, where it needs it. */
export function quote(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
