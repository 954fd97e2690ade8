/** The bytes are not the protobuf message they claim to be. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export interface WireField {
  readonly number: number;
  /** Varints and fixed numbers; for text, bytes and messages see `bytes`. */
  readonly value: bigint;
  readonly bytes: Uint8Array | undefined;
  readonly isFixed64: boolean;
}

/** The fields of a protobuf message in the order of the wire. @throws {WireError} */
export function* readFields(bytes: Uint8Array): Generator<WireField, void, void> {
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset++];
      if (byte === undefined) throw new WireError("unexpected EOF");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new WireError("integer overflow");
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - offset) throw new WireError("unexpected EOF");
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  while (offset < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    if (number < 1) throw new WireError(`illegal tag ${tag}`);
    switch (tag % 8) {
      case 0:
        yield { number, value: varint(), bytes: undefined, isFixed64: false };
        break;
      case 1:
        yield { number, value: Buffer.from(take(8)).readBigUInt64LE(), bytes: undefined, isFixed64: true };
        break;
      case 2:
        yield { number, value: 0n, bytes: take(Number(varint())), isFixed64: false };
        break;
      case 5:
        yield { number, value: BigInt(Buffer.from(take(4)).readUInt32LE()), bytes: undefined, isFixed64: false };
        break;
      default:
        throw new WireError(`unsupported wire type ${tag % 8}`);
    }
  }
}

/** The varints of a packed list. */
export function readPacked(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (let offset = 0; offset < bytes.length;) {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[offset++];
      if (byte === undefined) throw new WireError("unexpected EOF");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    values.push(value);
  }
  return values;
}
