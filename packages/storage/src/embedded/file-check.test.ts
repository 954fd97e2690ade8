import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSeededRandom, silentLogger, VirtualClock, type Random } from "@coracle/base";
import { StoreDamagedError, type Store } from "../store.ts";
import { bundleChildProgram } from "../testing/child-program.ts";
import { openEmbeddedStore } from "./embedded-store.ts";
import { checkDatabaseFile } from "./file-check.ts";

let scratch: string;
let file: string;
let sound: Buffer;
const pageSize = 4096;
const random = createSeededRandom(36);
const upTo = (limit: number, from: Random = random): number => Math.floor(from.next() * limit);

/** A file with branches, leaves, values of every size, and free pages. */
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "coracle-pages-"));
  file = join(scratch, "data.mdb");
  for (let round = 0; round < 4; round++) {
    const store = await openEmbeddedStore({ directory: scratch, clock: new VirtualClock(), log: silentLogger });
    for (let batch = 0; batch < 30; batch++) await Promise.all(Array.from({ length: 20 }, () => change(store)));
    await store.compact((await store.currentRevision()) - 20);
    await store[Symbol.asyncDispose]();
    checkDatabaseFile(file);
  }
  sound = readFileSync(file);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function change(store: Store): Promise<unknown> {
  const key = `/k/${upTo(400)}`;
  const value = Buffer.alloc(Math.floor(random.next() ** 3 * 12_000), 65);
  return store.txn({ compare: [], success: random.next() < 0.3 ? [{ type: "delete", key }] : [{ type: "put", key, value }] });
}

const newestMeta = (): number => (sound.readBigUInt64LE(152) >= sound.readBigUInt64LE(pageSize + 152) ? 0 : pageSize);
const rootPage = (): number => Number(sound.readBigUInt64LE(newestMeta() + 96 + 40));

/** What is said of the file after `change`. */
function verdict(damage: (bytes: Buffer) => void): string {
  const bytes = Buffer.from(sound);
  damage(bytes);
  const other = join(scratch, "damaged.mdb");
  writeFileSync(other, bytes);
  try {
    checkDatabaseFile(other);
    return "sound";
  } catch (error) {
    if (!(error instanceof StoreDamagedError)) throw error;
    return error.message.replace(other, "FILE");
  }
}

describe("checkDatabaseFile", () => {
  it("finds nothing wrong with what the engine wrote", () => {
    expect(sound.length).toBeGreaterThan(100 * pageSize);
    expect(verdict(() => undefined)).toBe("sound");
  });

  it("finds what contradicts itself", () => {
    const root = rootPage();
    const at = root * pageSize;
    const damagedRoot = `page ${root} of the database is damaged`;
    expect(verdict((bytes) => bytes.writeUInt32LE(1, 24))).toBe("FILE is no database");
    expect(verdict((bytes) => bytes.writeUInt32LE(1, pageSize + 24))).toBe("FILE is no database, or cut short");
    expect(verdict((bytes) => bytes.writeBigUInt64LE(7n, newestMeta() + 96 + 32))).toMatch(/^the database says 7 entries, and has \d+$/);
    expect(verdict((bytes) => bytes.writeBigUInt64LE(1n << 40n, newestMeta() + 144))).toBe("FILE is cut short");
    expect(verdict((bytes) => bytes.writeBigUInt64LE(1n << 30n, newestMeta() + 96 + 40))).toBe(
      `page ${2 ** 30} of the database is damaged`,
    );
    expect(verdict((bytes) => bytes.fill(0, at, at + pageSize))).toBe(damagedRoot);
    expect(verdict((bytes) => bytes.writeUInt16LE(8, at + 18))).toBe(damagedRoot);
    expect(verdict((bytes) => bytes.writeUInt16LE(0xfffe, at + 22))).toBe(damagedRoot);
    expect(verdict((bytes) => bytes.writeUInt16LE(4090, at + 24))).toBe(damagedRoot);
    // A branch whose first page below is itself: the engine would go round for ever.
    const node = at + 24 + sound.readUInt16LE(at + 24);
    expect(verdict((bytes) => bytes.writeUInt32LE(root, node))).toBe(damagedRoot);
  });

  it("lets no damage through that ends the process", { timeout: 60_000 }, async () => {
    const program = join(scratch, "open.mjs");
    await bundleChildProgram(
      `
        import { silentLogger, VirtualClock } from "@coracle/base";
        import { openEmbeddedStore } from "./embedded-store.ts";
        for (const directory of process.argv.slice(2)) {
          try {
            const store = await openEmbeddedStore({ directory, clock: new VirtualClock(), log: silentLogger });
            for (let index = 0; index < 20; index++)
              await store.txn({ compare: [], success: [{ type: "put", key: "/new/" + index, value: Buffer.alloc(index * 500) }] });
            await store[Symbol.asyncDispose]();
            console.log("sound");
          } catch (error) {
            console.log(error.name);
          }
        }`,
      import.meta.dirname,
      program,
    );
    const copies = Array.from({ length: 40 }, (_, index) => damagedCopy(index));
    const { status, signal, stdout } = spawnSync(process.execPath, [program, ...copies], { encoding: "utf8" });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    const verdicts = stdout.trim().split("\n");
    expect(verdicts).toHaveLength(copies.length);
    expect(new Set(verdicts)).toEqual(new Set(["sound", "StoreDamagedError"]));
  });
});

/** A copy of the store with random bytes at random places: anywhere, or where pages describe themselves. */
function damagedCopy(seed: number): string {
  const from = createSeededRandom(seed);
  const bytes = Buffer.from(sound);
  for (let place = 0; place < 1 + upTo(10, from); place++) {
    const position = seed % 2 === 0 ? upTo(bytes.length, from) : upTo(bytes.length / pageSize, from) * pageSize + upTo(64, from);
    const length = [1, 8, 512][upTo(3, from)] ?? 1;
    for (let index = position; index < Math.min(position + length, bytes.length); index++) bytes[index] = upTo(256, from);
  }
  const copy = join(scratch, `copy-${seed}`);
  cpSync(file, join(copy, "data.mdb"));
  writeFileSync(join(copy, "data.mdb"), bytes);
  return copy;
}
