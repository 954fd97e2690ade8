import { formatApiVersion } from "@coracle/apimachinery";
import type { ListView, ServedResource } from "../registry/contract.ts";

const comma = Buffer.from(",");

/** A list as JSON: the head, then the bytes of the items, none of them made again. */
export function encodeList(served: ServedResource, list: ListView, itemOf?: (index: number) => Uint8Array): Buffer {
  const { group, listKind } = served.definition;
  const apiVersion = formatApiVersion(group, served.version.version);
  return gatherList({ kind: listKind, apiVersion, metadata: listMeta(list) }, list.items.length, (index) => {
    return itemOf === undefined ? (list.items[index] as ListView["items"][number]).bytes() : itemOf(index);
  });
}

/** JSON of `head` with `items` (of already encoded values) as its last field. */
export function gatherList(head: object, count: number, itemOf: (index: number) => Uint8Array, field = "items"): Buffer {
  const pieces: Uint8Array[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},${JSON.stringify(field)}:[`)];
  for (let index = 0; index < count; index++) {
    if (index > 0) pieces.push(comma);
    pieces.push(itemOf(index));
  }
  pieces.push(Buffer.from("]}"));
  return Buffer.concat(pieces);
}

export function listMeta(list: ListView): Record<string, unknown> {
  return {
    resourceVersion: list.resourceVersion,
    ...(list.continue !== undefined && list.continue !== "" && { continue: list.continue }),
    ...(list.remainingItemCount !== undefined && { remainingItemCount: list.remainingItemCount }),
  };
}
