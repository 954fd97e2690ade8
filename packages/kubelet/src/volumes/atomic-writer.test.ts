import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeAtomically } from "./atomic-writer.ts";
import type { Payload } from "./payload.ts";

let directory: string;

beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "volume-"))));
afterEach(() => rm(directory, { recursive: true }));

function payload(files: Record<string, string>): Payload {
  return new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode: 0o640 }]));
}

test("content is swapped as a whole, and what is gone goes", async () => {
  await writeAtomically(directory, payload({ a: "1", "deep/b": "2" }), "first");
  expect(await readFile(join(directory, "deep/b"), "utf8")).toBe("2");
  expect(await readlink(join(directory, "a"))).toBe("..data/a");
  await writeAtomically(directory, payload({ a: "1", "deep/b": "2" }), "unchanged");
  expect(await readlink(join(directory, "..data"))).toBe("..first");
  await writeAtomically(directory, payload({ a: "3" }), "second");
  expect((await readdir(directory)).sort()).toEqual(["..data", "..second", "a"]);
  expect(await readFile(join(directory, "a"), "utf8")).toBe("3");
});

test("nothing is written outside the volume", async () => {
  await expect(writeAtomically(directory, payload({ "../x": "1" }), "stamp")).rejects.toThrow("invalid path: ../x");
});
