import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@coracle/base";
import { logFileSize, readLogFile } from "./log-reader.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "coracle-log-"));
  path = join(directory, "0.log");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("readLogFile", () => {
  it("skips what it is told to, and nothing of the file that comes after a rotation", async () => {
    writeFileSync(path, "0123456789");
    expect(await logFileSize(path)).toBe(10);
    expect(await logFileSize(`${path}.none`)).toBeUndefined();
    let text = "";
    let isRunning = true;
    const stopped = new AbortController();
    for await (const chunk of readLogFile({
      path,
      offset: 4,
      follow: true,
      signal: stopped.signal,
      clock: systemClock,
      isRunning: () => Promise.resolve(isRunning),
    })) {
      text += Buffer.from(chunk).toString();
      if (text === "456789") appendFileSync(path, "a");
      if (text === "456789a") {
        renameSync(path, `${path}.1`);
        writeFileSync(path, "new");
      }
      if (text.endsWith("new")) isRunning = false;
    }
    expect(text).toBe("456789anew");
  });

  it("begins at the start when the file was cut meanwhile", async () => {
    writeFileSync(path, "short");
    let text = "";
    const options = { path, offset: 100, follow: false, signal: new AbortController().signal, clock: systemClock };
    for await (const chunk of readLogFile({ ...options, isRunning: () => Promise.resolve(false) })) text += Buffer.from(chunk).toString();
    expect(text).toBe("short");
  });
});
