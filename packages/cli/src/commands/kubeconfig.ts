import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { checkClusterName, kubeconfigPath, readClusterRecord } from "../home.ts";
import { mergeInto } from "../merge-kubeconfig.ts";
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
  const text = readOwn(path, name);
  if (output === "text") process.stdout.write(text);
  else await merge(text);
}

function readOwn(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UserError(
      `${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      `start the cluster again with: coracle up --name ${name}`,
      {
        cause,
      },
    );
  }
}

async function merge(text: string): Promise<void> {
  const target = (process.env["KUBECONFIG"] ?? "").split(delimiter).find((entry) => entry !== "") ?? join(homedir(), ".kube", "config");
  await mergeInto(target, text);
  process.stdout.write(`merged into ${target}\n`);
}
