import { closeSync, fsyncSync, openSync, readFileSync, rmdirSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Lies in a data directory and says that what is beside it is Coracle's, so that nothing else is ever overwritten or deleted. */
export const markName = "coracle-data.json";
const format = "coracle-data/1";

export interface Mark {
  /** The cluster that used the directory last; undefined when the file is unreadable. */
  readonly cluster?: string;
  readonly isEphemeral: boolean;
  /** The outermost directory that was made for it; undefined when all of them were there. */
  readonly madeFrom?: string;
}

/** Undefined when there is none. One that cannot be read stands for a kept cluster's: that is the one to be careful with. */
export function readMark(directory: string): Mark | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, markName), "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  try {
    const { cluster, isEphemeral, madeFrom } = JSON.parse(text) as Partial<Record<keyof Mark, unknown>>;
    return {
      isEphemeral: isEphemeral === true,
      ...(typeof cluster === "string" && { cluster }),
      ...(typeof madeFrom === "string" && { madeFrom }),
    };
  } catch {
    return { isEphemeral: false };
  }
}

/** `wx` fails with EEXIST when there is one. */
export function writeMark(directory: string, mark: Mark, flag: "w" | "wx"): void {
  const descriptor = openSync(join(directory, markName), flag, 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify({ format, ...mark }, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes `directory` and its parents up to `outermost`, as far as they are empty. */
export function removeEmptyDirectories(directory: string, outermost: string): void {
  try {
    for (let current = directory; current.startsWith(outermost); current = dirname(current)) rmdirSync(current);
  } catch {
    // Holds files of the user.
  }
}
