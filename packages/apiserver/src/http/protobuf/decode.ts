import { messageTypeOf } from "./message-types.ts";
import { messageName, readMessage } from "./read-message.ts";
import { MessageReader } from "./reader.ts";
import { readPlainFields } from "./value-readers.ts";
import { WireError } from "./wire-error.ts";

/** The kind that an object without apiVersion and kind of its own is taken for. */
export interface ExpectedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What went wrong with an object whose kind could be read. */
export class ObjectWireError extends WireError {
  readonly apiVersion: string;
  readonly kind: string;

  constructor(cause: Error, { apiVersion, kind }: ExpectedKind) {
    super(cause.message, { cause });
    this.apiVersion = apiVersion;
    this.kind = kind;
  }
}

const magic = Buffer.from("k8s\0");
const none = Buffer.alloc(0);

/**
 * Reads an object in Kubernetes' protobuf envelope as JSON data. @throws {WireError} for what is no such object, {@link ObjectWireError} once its kind
 * is known.
 */
export function decodeProtobuf(data: Uint8Array, expected?: ExpectedKind): Record<string, unknown> {
  if (data.length === 0) throw new WireError("empty data");
  if (!magic.equals(data.subarray(0, magic.length))) {
    throw new WireError(`provided data does not appear to be a protobuf message, expected prefix [${magic.join(" ")}]`);
  }
  if (data.length === magic.length) throw new WireError("empty body");
  const { bytes: envelope } = readPlainFields(new MessageReader(asBuffer(data.subarray(magic.length)), "Unknown"));
  const found = kindOf(envelope[1] ?? none, expected);
  try {
    const type = typeOf(found);
    return readMessage({ ...found }, type, new MessageReader(envelope[2] ?? none, messageName(type)));
  } catch (error) {
    throw error instanceof WireError ? new ObjectWireError(error, found) : error;
  }
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}

function kindOf(typeMeta: Buffer, expected: ExpectedKind | undefined): ExpectedKind {
  const { bytes } = readPlainFields(new MessageReader(typeMeta, "TypeMeta"));
  const text = (number: number): string => bytes[number]?.toString() ?? "";
  return { apiVersion: text(1) || (expected?.apiVersion ?? ""), kind: text(2) || (expected?.kind ?? "") };
}

function typeOf({ apiVersion, kind }: ExpectedKind): string {
  // Every group version has DeleteOptions, the same for all.
  const type = messageTypeOf(kind === "DeleteOptions" ? "v1" : apiVersion, kind);
  if (type === undefined) throw new WireError(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  return type;
}
