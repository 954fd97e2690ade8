import { closeSync, openSync, readFileSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { toDisposable } from "@coracle/base";
import { StoreLockedError } from "../store.ts";

/**
 * Takes a directory for this process. The lock is a file with the process' id and start time: one that was left by a process that is gone —
 * killed, or before a reboot — is taken over.
 * @throws {StoreLockedError} while the holder lives.
 */
export function lockDirectory(directory: string): Disposable {
  const file = join(directory, "lock");
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const descriptor = openSync(file, "wx", 0o600);
      writeSync(descriptor, JSON.stringify({ pid: process.pid, start: statOf(process.pid)?.start ?? "" }));
      closeSync(descriptor);
      // It may be gone, with all the directory.
      return toDisposable(() => rmSync(file, { force: true }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(file);
    if (holder !== undefined && isAlive(holder)) throw new StoreLockedError(directory, holder.pid);
    try {
      unlinkSync(file);
    } catch {
      // Another process was as fast: the next attempt tells which of us has it.
    }
  }
  throw new StoreLockedError(directory, readHolder(file)?.pid);
}

interface Holder {
  readonly pid: number;
  readonly start: string;
}

function readHolder(file: string): Holder | undefined {
  try {
    const { pid, start } = JSON.parse(readFileSync(file, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof start === "string" ? { pid, start } : undefined;
  } catch {
    // Half-written by a process that was killed in between.
    return undefined;
  }
}

function isAlive({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const stat = statOf(pid);
  // Process ids are used again: the same id that started at another time is a stranger. One that waits for its parent has ended.
  return stat === undefined || (stat.state !== "Z" && (start === "" || stat.start === start));
}

/** State, and start in clock ticks since boot, where /proc tells. */
function statOf(pid: number): { state: string | undefined; start: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], start: fields[19] };
  } catch {
    return undefined;
  }
}
