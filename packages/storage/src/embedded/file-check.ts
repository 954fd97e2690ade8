import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { StoreDamagedError } from "../store.ts";
import { PageFile } from "./page-file.ts";
import { checkFreePages, checkTree, type TreeDescription } from "./tree-check.ts";

/**
 * Looks at the database file before it is mapped into memory: the engine trusts what it finds there, and would follow a damaged page to a signal
 * that ends the process instead of an error. Offsets are those of the meta pages that lmdb 3 writes.
 */
const magic = 0xbeefc0de;
const magicOffset = 24;
const pageSizeOffset = 48;
const treeOffsets = [48, 96] as const;
const lastPageOffset = 144;
const transactionOffset = 152;
const metaBytes = 160;

/** @throws {StoreDamagedError} when the file cannot be what the engine wrote. A missing file is fine. */
export function checkDatabaseFile(file: string): void {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, "r");
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new StoreDamagedError(`${file} is no file`);
    checkPages(file, descriptor, found.size);
  } finally {
    closeSync(descriptor);
  }
}

function checkPages(file: string, descriptor: number, size: number): void {
  const first = readMeta(descriptor, 0);
  if (first === undefined) throw new StoreDamagedError(`${file} is no database`);
  const second = readMeta(descriptor, first.pageSize);
  if (second?.pageSize !== first.pageSize) throw new StoreDamagedError(`${file} is no database, or cut short`);
  const { lastPage, pageSize, trees } = first.transaction >= second.transaction ? first : second;
  if (size < (lastPage + 1) * pageSize) throw new StoreDamagedError(`${file} is cut short`);
  const pages = new PageFile(descriptor, pageSize);
  const used = new Uint8Array(lastPage + 1);
  try {
    for (const tree of trees) checkTree({ pages, used, lastPage }, tree);
    checkFreePages({ pages, used, lastPage }, trees[0]);
  } catch (error) {
    if (error instanceof RangeError) throw new StoreDamagedError(`${file} holds a page that contradicts itself`, { cause: error });
    throw error;
  }
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  /** Of free pages, and of entries. */
  readonly trees: readonly [TreeDescription, TreeDescription];
}

function readMeta(descriptor: number, position: number): Meta | undefined {
  const buffer = Buffer.alloc(metaBytes);
  if (readSync(descriptor, buffer, 0, metaBytes, position) < metaBytes || buffer.readUInt32LE(magicOffset) !== magic) return undefined;
  const pageSize = buffer.readUInt32LE(pageSizeOffset);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return undefined;
  const number = (offset: number): number => Number(buffer.readBigUInt64LE(offset));
  const tree = (offset: number): TreeDescription => ({
    depth: buffer.readUInt16LE(offset + 6),
    branchPages: number(offset + 8),
    leafPages: number(offset + 16),
    overflowPages: number(offset + 24),
    entries: number(offset + 32),
    // All ones: there is none.
    root: buffer.readBigUInt64LE(offset + 40) === 0xffff_ffff_ffff_ffffn ? undefined : number(offset + 40),
  });
  return {
    pageSize,
    lastPage: number(lastPageOffset),
    transaction: number(transactionOffset),
    trees: [tree(treeOffsets[0]), tree(treeOffsets[1])],
  };
}
