import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rotateLog } from "./log-rotation.ts";

let directory: string;
let path: string;
const large = 11 * 1024 * 1024;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "logs-"));
  path = join(directory, "0.log");
});
afterEach(() => rm(directory, { recursive: true }));

/** Fills the log with a first line and a hole, and rotates it. */
async function fill(line: string, at: string, bytes = large): Promise<void> {
  await writeFile(path, line);
  await truncate(path, bytes);
  await rotateLog({ path, nowMs: Date.parse(at), reopen: () => writeFile(path, "") });
}

test("a log that is small stays", async () => {
  await fill("a", "2026-01-01T00:00:00Z", 1000);
  expect(await readdir(directory)).toEqual(["0.log"]);
});

test("a log that has grown is moved away; there are never more than five files", async () => {
  for (let day = 1; day <= 7; day++) await fill(`day ${day}`, `2026-01-0${day}T10:20:30Z`);
  expect((await readdir(directory)).sort()).toEqual([
    "0.log",
    "0.log.20260104-102030.gz",
    "0.log.20260105-102030.gz",
    "0.log.20260106-102030.gz",
    "0.log.20260107-102030",
  ]);
  const oldest = gunzipSync(await readFile(join(directory, "0.log.20260104-102030.gz")));
  expect([oldest.length, oldest.subarray(0, 5).toString()]).toEqual([large, "day 4"]);
});

test("a runtime that does not open the file anew keeps it", async () => {
  await writeFile(path, "a");
  await truncate(path, large);
  const attempt = rotateLog({ path, nowMs: 0, reopen: () => Promise.reject(new Error("no")) });
  await expect(attempt).rejects.toThrow("no");
  expect(await readdir(directory)).toEqual(["0.log"]);
});
