import type { KubeObject } from "../meta/types.ts";

const encoder = new TextEncoder();

/** JSON as UTF-8. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/**
 * The stored form of an object, made once and sent to everyone: `{"apiVersion":…,"kind":…,"metadata":{…},…}`, without
 * `metadata.resourceVersion`, which is known only after the write. {@link insertResourceVersion} puts it in.
 */
export function encodeObject(object: Readonly<KubeObject>): Uint8Array {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _, ...storedMetadata } = metadata ?? {};
  const head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":${JSON.stringify(storedMetadata)}`;
  const tail = JSON.stringify(rest);
  return encoder.encode(tail === "{}" ? `${head}}` : `${head},${tail.slice(1)}`);
}

/**
 * The bytes of {@link encodeObject} with a resource version as first field of `metadata`. The place is found in the first few dozen
 * bytes; the rest is one copy.
 */
export function insertResourceVersion(bytes: Uint8Array, resourceVersion: string | number | bigint): Uint8Array {
  const offset = metadataOffset(bytes);
  const isEmpty = bytes[offset] === 0x7d;
  const field = `"resourceVersion":"${resourceVersion}"${isEmpty ? "" : ","}`;
  const result = new Uint8Array(bytes.length + field.length);
  result.set(bytes.subarray(0, offset));
  for (let index = 0; index < field.length; index++) result[offset + index] = field.charCodeAt(index);
  result.set(bytes.subarray(offset), offset + field.length);
  return result;
}

/** Where the fields of `metadata` begin in bytes made by {@link encodeObject}: just after its brace. */
export function metadataOffset(bytes: Uint8Array): number {
  let isInString = false;
  for (let index = 1; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === 0x22) isInString = !isInString;
    else if (byte === 0x5c) index++;
    else if (byte === 0x7b && !isInString) return index + 1;
  }
  throw new Error("not the stored form of an object");
}
