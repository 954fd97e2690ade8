/** Collects the fields of one protobuf message. Fields that hold the zero value are left out, as proto3 does. */
export class WireWriter {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  text(number: number, value: unknown): this {
    return typeof value === "string" && value !== "" ? this.bytes(number, Buffer.from(value)) : this;
  }

  texts(number: number, values: unknown): this {
    for (const value of Array.isArray(values) ? values : []) this.bytes(number, Buffer.from(String(value)));
    return this;
  }

  flag(number: number, value: unknown): this {
    return value === true ? this.#add(varint(number * 8)).#add(varint(1)) : this;
  }

  integer(number: number, value: unknown): this {
    return typeof value === "number" && value > 0 ? this.#add(varint(number * 8)).#add(varint(value)) : this;
  }

  double(number: number, value: unknown): this {
    if (typeof value !== "number" || value === 0) return this;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.#add(varint(number * 8 + 1)).#add(bytes);
  }

  /** A message, even an empty one; undefined writes nothing. */
  message(number: number, value: WireWriter | undefined): this {
    return value === undefined ? this : this.bytes(number, value.finish());
  }

  bytes(number: number, value: Uint8Array): this {
    return this.#add(varint(number * 8 + 2))
      .#add(varint(value.length))
      .#add(value);
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#pieces, this.#length);
  }

  #add(piece: Uint8Array): this {
    this.#pieces.push(piece);
    this.#length += piece.length;
    return this;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
