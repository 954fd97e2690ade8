import { formatDuration } from "@coracle/apimachinery";
import { readFields, type WireField } from "./reader.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

export function textOf(bytes: Uint8Array | undefined): string {
  return decoder.decode(bytes ?? new Uint8Array());
}

export function signed(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

/** Decodes values that have a JSON form of their own, from their message. Undefined is the absent value. */
export const specialTypes: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  time: (bytes) => timeOf(bytes, 0),
  microTime: (bytes) => timeOf(bytes, 6),
  duration: (bytes) => formatDuration(BigInt.asIntN(64, fieldsOf(bytes).get(1)?.value ?? 0n)),
  quantity: (bytes) => textOf(fieldsOf(bytes).get(1)?.bytes),
  intOrString(bytes) {
    const fields = fieldsOf(bytes);
    return fields.get(1)?.value === 1n ? textOf(fields.get(3)?.bytes) : signed(fields.get(2)?.value ?? 0n);
  },
  raw: jsonOf,
  json: jsonOf,
  fieldsV1: jsonOf,
};

function fieldsOf(bytes: Uint8Array): Map<number, WireField> {
  return new Map([...readFields(bytes)].map((field) => [field.number, field]));
}

function jsonOf(bytes: Uint8Array): unknown {
  const raw = fieldsOf(bytes).get(1)?.bytes;
  return raw === undefined || raw.length === 0 ? undefined : (JSON.parse(textOf(raw)) as unknown);
}

/** An empty message is Go's zero time, which JSON writes as null. */
function timeOf(bytes: Uint8Array, digits: number): string | undefined {
  if (bytes.length === 0) return undefined;
  const fields = fieldsOf(bytes);
  const seconds = signed(fields.get(1)?.value ?? 0n);
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (digits === 0) return `${whole}Z`;
  const nanos = signed(fields.get(2)?.value ?? 0n);
  return `${whole}.${String(nanos).padStart(9, "0").slice(0, digits)}Z`;
}
