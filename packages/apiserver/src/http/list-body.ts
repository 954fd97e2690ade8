import { formatApiVersion } from "@coracle/apimachinery";
import type { ListView, ServedResource } from "../registry/contract.ts";

export interface ListHead {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const comma = Buffer.from(",");

/** A list as JSON: the head, then the bytes of the items, none of them made again. */
export function encodeList(served: ServedResource, list: ListView): Buffer {
  return gatherList(listHead(served, list), list.items.length, (index) => (list.items[index] as ListView["items"][number]).bytes());
}

/** What a list is before its items. */
export function listHead({ definition, version }: ServedResource, list: ListView): ListHead {
  return { kind: definition.listKind, apiVersion: formatApiVersion(definition.group, version.version), metadata: listMeta(list) };
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
