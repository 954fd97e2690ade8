import { createHash } from "node:crypto";
import { StoreDamagedError, type Entry } from "../store.ts";

/**
 * A snapshot is lines of JSON: a header with format and revision, one line an entry (values in base64), and a last line with the number of
 * entries and a SHA-256 over all lines before it.
 */
const format = "coracle-snapshot/1";

export async function* writeSnapshot(entries: Iterable<Entry>, revision: number): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  const encode = (line: object): Buffer => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    hash.update(bytes);
    return bytes;
  };
  yield encode({ format, revision });
  let count = 0;
  let batch: Buffer[] = [];
  for (const { key, value, createRevision, modRevision } of entries) {
    batch.push(encode({ key, value: Buffer.from(value).toString("base64"), createRevision, modRevision }));
    count++;
    if (batch.length < 256) continue;
    yield Buffer.concat(batch);
    batch = [];
  }
  yield Buffer.concat(batch);
  yield Buffer.from(`${JSON.stringify({ count, sha256: hash.digest("hex") })}\n`);
}

/** @throws {StoreDamagedError} when the snapshot is cut short or changed. */
export async function readSnapshot(chunks: AsyncIterable<Uint8Array>): Promise<{ revision: number; entries: Entry[] }> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const lines = Buffer.concat(parts).toString("utf8").split("\n").slice(0, -1);
  const last = parse(lines.at(-1)) as { count?: number; sha256?: string };
  const body = lines.slice(0, -1);
  const digest = createHash("sha256")
    .update(body.map((line) => `${line}\n`).join(""))
    .digest("hex");
  if (digest !== last.sha256 || body.length !== (last.count ?? -1) + 1)
    throw new StoreDamagedError("the snapshot is incomplete or was changed");
  const header = parse(body[0]) as { format?: string; revision?: number };
  if (header.format !== format || header.revision === undefined)
    throw new StoreDamagedError(`the snapshot has an unknown format ${JSON.stringify(header.format)}`);
  const entries = body.slice(1).map((line) => {
    const { key, value, createRevision, modRevision } = parse(line) as {
      key: string;
      value: string;
      createRevision: number;
      modRevision: number;
    };
    return { key, value: Buffer.from(value, "base64"), createRevision, modRevision };
  });
  return { revision: header.revision, entries };
}

function parse(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? "");
  } catch (cause) {
    throw new StoreDamagedError("the snapshot holds a line that is no JSON", { cause });
  }
}
