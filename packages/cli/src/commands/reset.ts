import { createInterface } from "node:readline/promises";
import type { Removal } from "../data-directory.ts";
import {
  checkClusterName,
  DamagedRecordError,
  forget,
  ownDataDirectory,
  readClusterRecord,
  readRunRecord,
  type ClusterRecord,
} from "../home.ts";
import { UserError } from "../user-error.ts";
import { stopProcess } from "./down.ts";

/** `coracle reset`: stops a cluster and deletes all it stored. Asks first, unless `isConfirmed`. */
export async function reset(name: string, isConfirmed: boolean): Promise<void> {
  const record = recordOf(checkClusterName(name));
  if (record === undefined) {
    process.stdout.write(`there is no cluster "${name}"\n`);
    return;
  }
  if (!isConfirmed && !(await confirm(`delete cluster "${name}" and all it stored in ${record.dataDirectory}?`))) {
    throw new UserError("nothing was deleted", "confirm with y, or with --yes");
  }
  const run = readRunRecord(name);
  if (run !== undefined) await stopProcess(name, run);
  process.stdout.write(`${outcome[await forget(record)](record)}\n`);
}

const outcome: Readonly<Record<Removal, (record: ClusterRecord) => string>> = {
  removed: ({ name }) => `cluster "${name}" is deleted`,
  unmarked: ({ name, dataDirectory }) =>
    `cluster "${name}" is forgotten; ${dataDirectory} stays, as it lacks Coracle's mark: delete it yourself`,
  taken: ({ name, dataDirectory }) => `cluster "${name}" is forgotten; ${dataDirectory} stays, as it is another cluster's by now`,
};

/** Of a cluster whose record is damaged, what lies in its usual place can still be removed. */
function recordOf(name: string): ClusterRecord | undefined {
  try {
    return readClusterRecord(name);
  } catch (error) {
    if (!(error instanceof DamagedRecordError)) throw error;
    return { name, dataDirectory: ownDataDirectory(name), isEphemeral: false };
  }
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
