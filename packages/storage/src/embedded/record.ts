import { crc32 } from "node:zlib";
import { StoreDamagedError, type Entry, type StoreEvent } from "../store.ts";

/**
 * How entries and revisions lie on disk. Every record ends with a CRC-32 of what is before it, so that a damaged one is noticed.
 *
 * entry: create revision (8 bytes), revision (8), value
 * events of a revision: for each: type (1), key length (2), key, present value as an entry with its length (4) before it, then the
 * same for what was before; a length of zero means none.
 */
export function encodeEntry(entry: Entry): Buffer {
  const buffer = Buffer.allocUnsafe(16 + entry.value.length + 4);
  writeEntry(buffer, 0, entry);
  return seal(buffer);
}

/** @throws {StoreDamagedError} */
export function decodeEntry(key: string, bytes: Buffer): Entry {
  return readEntry(key, unseal(bytes, key));
}

export function encodeEvents(events: readonly StoreEvent[]): Buffer {
  const sizeOf = (entry: Entry | undefined): number => 4 + (entry === undefined ? 0 : 16 + entry.value.length);
  const keys = events.map((event) => Buffer.from(event.key));
  const length = events.reduce(
    (sum, event, index) => sum + 3 + (keys[index]?.length ?? 0) + sizeOf(event.entry) + sizeOf(event.previous),
    0,
  );
  const buffer = Buffer.allocUnsafe(length + 4);
  let offset = 0;
  const put = (entry: Entry | undefined): void => {
    const size = sizeOf(entry) - 4;
    buffer.writeUInt32BE(size, offset);
    if (entry !== undefined) writeEntry(buffer, offset + 4, entry);
    offset += 4 + size;
  };
  for (const [index, event] of events.entries()) {
    const key = keys[index] as Buffer;
    buffer.writeUInt8(event.type === "put" ? 1 : 2, offset);
    buffer.writeUInt16BE(key.length, offset + 1);
    key.copy(buffer, offset + 3);
    offset += 3 + key.length;
    put(event.entry);
    put(event.previous);
  }
  return seal(buffer);
}

/** @throws {StoreDamagedError} */
export function decodeEvents(revision: number, bytes: Buffer): StoreEvent[] {
  const body = unseal(bytes, `revision ${revision}`);
  const events: StoreEvent[] = [];
  for (let offset = 0; offset < body.length;) {
    const type = body.readUInt8(offset) === 1 ? "put" : "delete";
    const keyEnd = offset + 3 + body.readUInt16BE(offset + 1);
    const key = body.toString("utf8", offset + 3, keyEnd);
    const entryEnd = keyEnd + 4 + body.readUInt32BE(keyEnd);
    const previousEnd = entryEnd + 4 + body.readUInt32BE(entryEnd);
    const entry = entryEnd === keyEnd + 4 ? undefined : readEntry(key, body.subarray(keyEnd + 4, entryEnd));
    const previous = previousEnd === entryEnd + 4 ? undefined : readEntry(key, body.subarray(entryEnd + 4, previousEnd));
    events.push({ type, key, ...(entry === undefined ? {} : { entry }), ...(previous === undefined ? {} : { previous }) });
    offset = previousEnd;
  }
  return events;
}

function writeEntry(buffer: Buffer, offset: number, { createRevision, modRevision, value }: Entry): void {
  buffer.writeBigUInt64BE(BigInt(createRevision), offset);
  buffer.writeBigUInt64BE(BigInt(modRevision), offset + 8);
  buffer.set(value, offset + 16);
}

function readEntry(key: string, bytes: Buffer): Entry {
  return {
    key,
    createRevision: Number(bytes.readBigUInt64BE(0)),
    modRevision: Number(bytes.readBigUInt64BE(8)),
    value: bytes.subarray(16),
  };
}

/** Writes the checksum into the last four bytes. */
function seal(buffer: Buffer): Buffer {
  buffer.writeUInt32BE(crc32(buffer.subarray(0, -4)), buffer.length - 4);
  return buffer;
}

function unseal(bytes: Buffer, what: string): Buffer {
  if (bytes.length < 4 || crc32(bytes.subarray(0, -4)) !== bytes.readUInt32BE(bytes.length - 4))
    throw new StoreDamagedError(`the record of ${what} has a wrong checksum`);
  return bytes.subarray(0, -4);
}
