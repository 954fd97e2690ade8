import { wireKinds, wireTypes } from "./generated/wire-types.ts";

/** A field of a protobuf message and of the JSON object that it stands for. */
export interface MessageField {
  readonly number: number;
  /** Empty: the fields of this message belong to the JSON object around it. */
  readonly name: string;
  /** `[]T`, `{}T`, or T. */
  readonly type: string;
  /** Whether absent differs from the zero value. Go writes all other fields always. */
  readonly isPointer: boolean;
  /** Whether JSON leaves zero values out. */
  readonly isZeroOmitted: boolean;
  /** Whether a list is in a message of its own, whose only field it is. */
  readonly isWrapped: boolean;
}

/** The type of a kind's message; undefined for kinds without protobuf form, such as custom resources. */
export function messageTypeOf(apiVersion: string, kind: string): string | undefined {
  const id = `${apiVersion} ${kind}`;
  return Object.hasOwn(wireKinds, id) ? wireKinds[id] : undefined;
}

/** The fields of a message by ascending number. */
export function fieldsOfMessage(type: string): readonly MessageField[] {
  const text = wireTypes[type];
  if (text === undefined) throw new Error(`no message type ${type}`);
  if (text === "") return [];
  return text
    .split(",")
    .map(parseField)
    .sort((left, right) => left.number - right.number);
}

function parseField(text: string): MessageField {
  const [number = "", name = "", type = "", ...flags] = text.split(" ");
  return {
    number: Number(number),
    name: name === "-" ? "" : name,
    type,
    isPointer: flags.includes("p"),
    isZeroOmitted: flags.includes("z"),
    isWrapped: flags.includes("w"),
  };
}
