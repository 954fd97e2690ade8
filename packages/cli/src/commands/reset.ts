import { createInterface } from "node:readline/promises";
import { checkClusterName, forget, readClusterRecord, readRunRecord } from "../home.ts";
import { UserError } from "../user-error.ts";
import { stopProcess } from "./down.ts";

/** `coracle reset`: stops a cluster and deletes all it stored. Asks first, unless `isConfirmed`. */
export async function reset(name: string, isConfirmed: boolean): Promise<void> {
  const record = readClusterRecord(checkClusterName(name));
  if (record === undefined) {
    process.stdout.write(`there is no cluster "${name}"\n`);
    return;
  }
  if (!isConfirmed && !(await confirm(`delete cluster "${name}" and all it stored in ${record.dataDirectory}?`))) {
    throw new UserError("nothing was deleted", "confirm with y, or with --yes");
  }
  const run = readRunRecord(name);
  if (run !== undefined) await stopProcess(name, run);
  forget(record);
  process.stdout.write(`cluster "${name}" is deleted\n`);
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
