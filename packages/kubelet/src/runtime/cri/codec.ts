import type { Root, Type } from "protobufjs";
import { criMessages } from "./schema.ts";

/** Encodes and decodes CRI messages by name. */
export interface CriCodec {
  encode(messageName: string, message: object): Buffer;
  decode(messageName: string, bytes: Uint8Array): object;
}

interface FieldDefinition {
  type: string;
  id: number;
  rule?: "repeated";
  keyType?: string;
}

/** Reads one line of {@link criMessages}. */
function parseMessage(line: string): [string, { fields: Record<string, FieldDefinition> }] {
  const [name, ...definitions] = line.split(" ");
  const fields: Record<string, FieldDefinition> = {};
  for (const definition of definitions) {
    const match = /^(\w+):(?:map<(\w+),(\w+)>|(\w+))(\[\])?=(\d+)$/.exec(definition);
    if (match === null) throw new Error(`bad field definition ${definition} in ${String(name)}`);
    const [, field, keyType, valueType, type, repeated, id] = match;
    fields[field as string] = {
      type: (valueType ?? type) as string,
      id: Number(id),
      ...(keyType === undefined ? {} : { keyType }),
      ...(repeated === undefined ? {} : { rule: "repeated" as const }),
    };
  }
  return [name as string, { fields }];
}

/** Loads protobufjs on the first call, so that clusters without a container runtime never pay for it. */
export async function createCriCodec(): Promise<CriCodec> {
  const protobuf = (await import("protobufjs")).default;
  const nested = Object.fromEntries(criMessages.trim().split("\n").map(parseMessage));
  const root: Root = protobuf.Root.fromJSON({ options: { syntax: "proto3" }, nested });
  const types = new Map<string, Type>();
  const typeOf = (name: string): Type => {
    let type = types.get(name);
    if (type === undefined) types.set(name, (type = root.lookupType(name)));
    return type;
  };
  return {
    encode(messageName, message) {
      const type = typeOf(messageName);
      return type.encode(type.fromObject(message)).finish() as Buffer;
    },
    decode(messageName, bytes) {
      const type = typeOf(messageName);
      return type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true, objects: true });
    },
  };
}
