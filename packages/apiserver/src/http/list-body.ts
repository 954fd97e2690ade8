import { formatApiVersion } from "@coracle/apimachinery";
import type { ListView, ServedResource } from "../registry/contract.ts";

export interface ListHead {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const comma = Buffer.from(",");
const brace = Buffer.from("{");

/**
 * A list as JSON: the head, then the bytes of the items, none of them made again. Items of built-in kinds do not say what they are, as upstream's;
 * custom resources do.
 */
export function encodeList(served: ServedResource, list: ListView): Buffer {
  const head = listHead(served, list);
  const { kind, isCustom } = served.definition;
  const typeMeta = Buffer.from(isCustom ? "" : `{"apiVersion":${JSON.stringify(head.apiVersion)},"kind":${JSON.stringify(kind)},`);
  return gather(head, list.items.length, "items", (index, pieces) => {
    const bytes = (list.items[index] as ListView["items"][number]).bytes();
    if (typeMeta.length > 0 && startsWith(bytes, typeMeta)) pieces.push(brace, bytes.subarray(typeMeta.length));
    else pieces.push(bytes);
  });
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  for (let index = 0; index < head.length; index++) if (bytes[index] !== head[index]) return false;
  return true;
}

/** What a list is before its items. */
export function listHead({ definition, version }: ServedResource, list: ListView): ListHead {
  return {
    kind: definition.listKind,
    apiVersion: formatApiVersion(definition.group, version.version),
    metadata: definition.isCustom ? { continue: "", ...listMeta(list) } : listMeta(list),
  };
}

/** JSON of `head` with `items` (of already encoded values) as its last field. */
export function gatherList(head: object, count: number, itemOf: (index: number) => Uint8Array, field = "items"): Buffer {
  return gather(head, count, field, (index, pieces) => pieces.push(itemOf(index)));
}

function gather(head: object, count: number, field: string, add: (index: number, pieces: Uint8Array[]) => void): Buffer {
  const pieces: Uint8Array[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},${JSON.stringify(field)}:[`)];
  for (let index = 0; index < count; index++) {
    if (index > 0) pieces.push(comma);
    add(index, pieces);
  }
  // With the end of the line that answers have, which would be another copy later.
  pieces.push(Buffer.from("]}\n"));
  return Buffer.concat(pieces);
}

export function listMeta(list: ListView): Record<string, unknown> {
  return {
    ...(list.resourceVersion !== "" && { resourceVersion: list.resourceVersion }),
    ...(list.continue !== undefined && list.continue !== "" && { continue: list.continue }),
    ...(list.remainingItemCount !== undefined && { remainingItemCount: list.remainingItemCount }),
  };
}
