import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { StoreDamagedError } from "../store.ts";

/**
 * Looks at the database file before it is mapped into memory: a file that is no database, or shorter than it says, would end the process with a
 * signal instead of an error. Offsets are those of the meta pages that lmdb 3 writes.
 */
const magic = 0xbeefc0de;
const magicOffset = 24;
const pageSizeOffset = 48;
const lastPageOffset = 144;
const transactionOffset = 152;
const metaBytes = 160;

/** @throws {StoreDamagedError} when the file cannot be what the engine wrote. A missing file is fine. */
export function checkDatabaseFile(file: string): void {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const first = readMeta(descriptor, 0);
    if (first === undefined) throw new StoreDamagedError(`${file} is no database`);
    const second = readMeta(descriptor, first.pageSize);
    if (second === undefined) throw new StoreDamagedError(`${file} is no database, or cut short`);
    const newest = first.transaction >= second.transaction ? first : second;
    if (size < (newest.lastPage + 1) * newest.pageSize) throw new StoreDamagedError(`${file} is cut short`);
  } finally {
    closeSync(descriptor);
  }
}

function readMeta(descriptor: number, position: number): { pageSize: number; lastPage: number; transaction: number } | undefined {
  const buffer = Buffer.alloc(metaBytes);
  if (readSync(descriptor, buffer, 0, metaBytes, position) < metaBytes || buffer.readUInt32LE(magicOffset) !== magic) return undefined;
  const pageSize = buffer.readUInt32LE(pageSizeOffset);
  if (pageSize < 512 || pageSize > 65_536) return undefined;
  return {
    pageSize,
    lastPage: Number(buffer.readBigUInt64LE(lastPageOffset)),
    transaction: Number(buffer.readBigUInt64LE(transactionOffset)),
  };
}
