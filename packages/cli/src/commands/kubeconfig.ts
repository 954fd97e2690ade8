import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { mergeKubeconfigText } from "@coracle/client";
import { checkClusterName, kubeconfigPath, readClusterRecord } from "../home.ts";
import { permissionError } from "../permission-error.ts";
import { UserError } from "../user-error.ts";

/** `coracle kubeconfig`: prints a cluster's kubeconfig, its path, or merges it into the user's own. */
export async function kubeconfig(name: string, output: "text" | "path" | "merge"): Promise<void> {
  const record = readClusterRecord(checkClusterName(name));
  if (record === undefined) throw new UserError(`there is no cluster "${name}"`, `start it with: coracle up --name ${name}`);
  const path = kubeconfigPath(record);
  if (output === "path") {
    process.stdout.write(`${path}\n`);
    return;
  }
  const text = readFileSync(path, "utf8");
  if (output === "text") process.stdout.write(text);
  else await merge(text);
}

async function merge(text: string): Promise<void> {
  const target = (process.env["KUBECONFIG"] ?? "").split(":").find((entry) => entry !== "") ?? join(homedir(), ".kube", "config");
  let existing = "";
  try {
    existing = readFileSync(target, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw permissionError(error, target);
  }
  const merged = await mergeKubeconfigText(existing, text);
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, merged, { mode: 0o600 });
  } catch (error) {
    throw permissionError(error, target);
  }
  process.stdout.write(`merged into ${target}\n`);
}
