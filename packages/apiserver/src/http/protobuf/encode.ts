import { formatApiVersion, StatusError, type ResourceDefinition } from "@coracle/apimachinery";
import type { ObjectView } from "../../registry/contract.ts";
import type { ListHead } from "../list-body.ts";
import { messageTypeOf } from "./message-types.ts";
import { ReverseWriter } from "./reverse-writer.ts";
import { messageWriter } from "./write-message.ts";

/**
 * An object travels as the magic bytes and a message of: 1 apiVersion and kind, 2 the object's message, 3 and 4 content encoding and type (both
 * empty). Lists have their items in field 2, too, so that what is cached of an object is also an item of a list.
 */
const magic = Buffer.from("k8s\0");
const tail = Buffer.from([3 * 8 + 2, 0, 4 * 8 + 2, 0]);
const itemTag = 2 * 8 + 2;

/** Of one process: messages are written without interruption. */
const writer = new ReverseWriter();
const heads = new Map<string, Buffer>();

interface Typed {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
}

/** An object's bytes in an answer. @throws {StatusError} 406 for kinds without protobuf form. */
export function encodeObject(object: Typed): Buffer {
  const apiVersion = String(object.apiVersion ?? "");
  const kind = String(object.kind ?? "");
  const type = messageTypeOf(apiVersion, kind);
  if (type === undefined) throw notMarshalable(kind);
  return written(() => {
    writer.bytes(tail);
    messageWriter(type).write(writer, object);
    writer.byte(itemTag);
    writer.bytes(headOf(apiVersion, kind));
  });
}

/** The same for a view, which keeps the bytes. */
export function encodeView(view: ObjectView): Uint8Array {
  return (view.protobuf ??= encodeObject(view.object));
}

/** What follows the head of an encoded object in a list: the tag, the length and the message. */
function itemOf(encoded: Uint8Array, headBytes: number): Uint8Array {
  return encoded.subarray(headBytes, encoded.length - tail.length);
}

/** A list of encoded objects that all have the kind `itemKind` in the list's version. */
export function encodeList(list: ListHead, itemKind: string, encoded: readonly Uint8Array[]): Buffer {
  const headBytes = headOf(list.apiVersion, itemKind).length;
  const items = encoded.map((each) => itemOf(each, headBytes));
  const itemsBytes = items.reduce((sum, item) => sum + item.length, 0);
  const isOld = list.apiVersion === "meta.k8s.io/v1beta1";
  const metadata = written(() => {
    messageWriter("meta/v1.ListMeta").write(writer, list.metadata);
    writer.byte(isOld ? itemTag : 1 * 8 + 2);
  });
  const head = written(() => {
    writer.varint(metadata.length + itemsBytes);
    writer.byte(itemTag);
    writer.bytes(headOf(list.apiVersion, list.kind));
  });
  // The retired PartialObjectMetadataList has its fields the other way round.
  const parts = isOld ? [head, ...items.map(asField1), metadata, tail] : [head, metadata, ...items, tail];
  return Buffer.concat(parts);
}

function asField1(item: Uint8Array): Uint8Array {
  const copy = Buffer.from(item);
  copy[0] = 1 * 8 + 2;
  return copy;
}

/** An event of a watch: four bytes of length, then a message of 1 type and 2 the encoded object (inside of a message, as field 1). */
export function encodeWatchFrame(type: string, encoded: Uint8Array): Buffer {
  const head = written(() => {
    const mark = writer.written;
    writer.varint(encoded.length);
    writer.byte(1 * 8 + 2);
    writer.varint(writer.written - mark + encoded.length);
    writer.byte(2 * 8 + 2);
    writer.text(type);
    writer.varint(type.length);
    writer.byte(1 * 8 + 2);
  });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length + encoded.length);
  return Buffer.concat([length, head, encoded]);
}

/** Whether answers of a definition's version can be protobuf. */
export function hasProtobuf(definition: ResourceDefinition, gvk: { group: string; version: string; kind: string }): boolean {
  return !definition.isCustom && messageTypeOf(formatApiVersion(gvk.group, gvk.version), gvk.kind) !== undefined;
}

function headOf(apiVersion: string, kind: string): Buffer {
  const id = `${apiVersion} ${kind}`;
  let head = heads.get(id);
  if (head === undefined) {
    const version = Buffer.from(apiVersion);
    const name = Buffer.from(kind);
    const typeMeta = Buffer.concat([Buffer.from([1 * 8 + 2, version.length]), version, Buffer.from([2 * 8 + 2, name.length]), name]);
    head = Buffer.concat([magic, Buffer.from([1 * 8 + 2, typeMeta.length]), typeMeta]);
    heads.set(id, head);
  }
  return head;
}

function written(write: () => void): Buffer {
  try {
    write();
    return writer.take();
  } finally {
    writer.clear();
  }
}

function notMarshalable(kind: string): StatusError {
  const message = `object ${kind} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`;
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "NotAcceptable",
    code: 406,
  });
}
