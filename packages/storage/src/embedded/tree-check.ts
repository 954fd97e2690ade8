import { StoreDamagedError } from "../store.ts";
import type { PageFile } from "./page-file.ts";

/** What a meta page says of one of its trees. */
export interface TreeDescription {
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  readonly root: number | undefined;
}

export interface TreeContext {
  readonly pages: PageFile;
  /** A byte for each page: 1 once it was met. */
  readonly used: Uint8Array;
  readonly lastPage: number;
}

/** A page begins with its number (8 bytes), a transaction (8), 2 unused bytes, flags (2), then where its free space begins and ends (2 each). */
const headerBytes = 24;
const branchFlag = 1;
const leafFlag = 2;
const overflowFlag = 4;
const kindMask = 0x6f;
/** A node begins with the size of its value or the page below (4 + 2 bytes), flags (2; in branches part of the page) and the size of its key (2). */
const nodeBytes = 8;
const bigFlag = 1;
const firstDataPage = 2;
const deepest = 32;

interface Counts {
  depth: number;
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
}

/**
 * Walks a tree as the engine will, and compares it with what is said of it.
 * @throws {StoreDamagedError} or RangeError when a page cannot be what the engine wrote.
 */
export function checkTree(context: TreeContext, tree: TreeDescription): void {
  const counts: Counts = { depth: 0, branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  if (tree.root !== undefined) walk(context, counts, tree.root, 1);
  for (const key of ["depth", "branchPages", "leafPages", "overflowPages", "entries"] as const)
    if (counts[key] !== tree[key]) throw new StoreDamagedError(`the database says ${tree[key]} ${key}, and has ${counts[key]}`);
}

function walk(context: TreeContext, counts: Counts, number: number, depth: number): void {
  const page = take(context, number);
  const kind = page.readUInt16LE(18) & kindMask;
  if (depth > deepest || (kind !== branchFlag && kind !== leafFlag)) throw damaged(number);
  const nodes = nodesOf(page, number);
  if (kind === leafFlag) {
    if (counts.depth !== 0 && counts.depth !== depth) throw damaged(number);
    counts.depth = depth;
    counts.leafPages++;
    counts.entries += nodes.length;
    // Reading what lies elsewhere ends the view of this page.
    const big = nodes.flatMap((offset) => bigValue(page, offset, number) ?? []);
    for (const value of big) counts.overflowPages += takeOverflow(context, value);
    return;
  }
  counts.branchPages++;
  for (const below of nodes.map((offset) => childOf(page, offset))) walk(context, counts, below, depth + 1);
}

/** The page, when it is within the file, says its own number, and was not met before. */
function take({ pages, used, lastPage }: TreeContext, number: number): Buffer {
  const isNew = number >= firstDataPage && number <= lastPage && used[number] === 0;
  const page = isNew ? pages.page(number) : undefined;
  if (page === undefined || Number(page.readBigUInt64LE(0)) !== number) throw damaged(number);
  used[number] = 1;
  return page;
}

/** Offsets of the nodes of a page, each of which lies in its used part. */
function nodesOf(page: Buffer, number: number): number[] {
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
  const isSound = lower % 2 === 0 && lower <= upper && headerBytes + upper <= page.length && lower >= 2;
  if (!isSound) throw damaged(number);
  const offsets: number[] = [];
  for (let index = headerBytes; index < headerBytes + lower; index += 2) {
    const offset = page.readUInt16LE(index);
    const isInside = offset >= upper && offset % 2 === 0 && headerBytes + offset + nodeBytes <= page.length;
    if (!isInside || nodeEnd(page, headerBytes + offset) > page.length) throw damaged(number);
    offsets.push(headerBytes + offset);
  }
  return offsets;
}

function nodeEnd(page: Buffer, offset: number): number {
  const keyEnd = offset + nodeBytes + page.readUInt16LE(offset + 6);
  if ((page.readUInt16LE(18) & branchFlag) !== 0) return keyEnd;
  const isBig = (page.readUInt16LE(offset + 4) & bigFlag) !== 0;
  return keyEnd + (isBig ? 8 : page.readUInt32LE(offset));
}

function childOf(page: Buffer, offset: number): number {
  return page.readUInt32LE(offset) + page.readUInt16LE(offset + 4) * 2 ** 32;
}

interface BigValue {
  readonly page: number;
  readonly sizeBytes: number;
}

function bigValue(page: Buffer, offset: number, number: number): BigValue | undefined {
  const flags = page.readUInt16LE(offset + 4);
  // Databases in the database and several values of one key are not made here.
  if ((flags & ~bigFlag) !== 0) throw damaged(number);
  if (flags === 0) return undefined;
  const position = offset + nodeBytes + page.readUInt16LE(offset + 6);
  return { page: Number(page.readBigUInt64LE(position)), sizeBytes: page.readUInt32LE(offset) };
}

/** How many pages a value has that does not fit into its node. */
function takeOverflow(context: TreeContext, { page: number, sizeBytes }: BigValue): number {
  const page = take(context, number);
  const count = page.readUInt32LE(20);
  // A value that is overwritten by a smaller one keeps its pages.
  const isSound = (page.readUInt16LE(18) & kindMask) === overflowFlag && count * context.pages.pageSize >= headerBytes + sizeBytes;
  if (!isSound || number + count - 1 > context.lastPage) throw damaged(number);
  for (let next = number + 1; next < number + count; next++) {
    if (context.used[next] !== 0) throw damaged(next);
    context.used[next] = 1;
  }
  return count;
}

/**
 * The engine takes new pages from these lists: a count, then numbers of pages; a negative number is the length of a run whose first page follows,
 * and zero is nothing.
 * @throws {StoreDamagedError} when one leads out of the file.
 */
export function checkFreePages(context: TreeContext, tree: TreeDescription): void {
  if (tree.root === undefined) return;
  for (const list of freeLists(context, tree.root)) {
    const count = list.length < 8 ? -1 : Number(list.readBigInt64LE(0));
    if (count < 0 || (count + 1) * 8 > list.length) throw new StoreDamagedError("the database's list of free pages is damaged");
    for (let index = 1; index <= count; index++) {
      const entry = Number(list.readBigInt64LE(index * 8));
      if (Math.abs(entry) > context.lastPage) throw new StoreDamagedError("the database's list of free pages is damaged");
    }
  }
}

/** Of a tree that was checked. */
function* freeLists(context: TreeContext, number: number): Generator<Buffer> {
  // A copy, as reading goes on below it.
  const page = Buffer.from(context.pages.page(number) ?? []);
  const isLeaf = (page.readUInt16LE(18) & kindMask) === leafFlag;
  for (const offset of nodesOf(page, number)) {
    if (!isLeaf) yield* freeLists(context, childOf(page, offset));
    else {
      const big = bigValue(page, offset, number);
      const start = offset + nodeBytes + page.readUInt16LE(offset + 6);
      if (big === undefined) yield page.subarray(start, start + page.readUInt32LE(offset));
      else yield context.pages.bytes(big.page * context.pages.pageSize + headerBytes, big.sizeBytes) ?? Buffer.alloc(0);
    }
  }
}

function damaged(number: number): StoreDamagedError {
  return new StoreDamagedError(`page ${number} of the database is damaged`);
}
