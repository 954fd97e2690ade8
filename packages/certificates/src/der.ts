/** Distinguished Encoding Rules (X.690), as far as certificates need them. */

export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
} as const;

export function der(tagByte: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tagByte), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.of(0x80 | bytes.length, ...bytes);
}

export const sequence = (...items: Uint8Array[]): Buffer => der(tag.sequence, ...items);
export const octetString = (content: Uint8Array): Buffer => der(tag.octetString, content);
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer => der(tag.bitString, Buffer.of(unusedBits), content);
export const utf8String = (text: string): Buffer => der(tag.utf8String, Buffer.from(text, "utf8"));
export const boolean = (value: boolean): Buffer => der(tag.boolean, Buffer.of(value ? 0xff : 0));
/** A context-specific tag, constructed. */
export const explicit = (number: number, ...items: Uint8Array[]): Buffer => der(0xa0 | number, ...items);
/** A context-specific tag, primitive. */
export const implicit = (number: number, content: Uint8Array): Buffer => der(0x80 | number, content);

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return der(tag.integer, ((trimmed[0] ?? 0) & 0x80) === 0 ? trimmed : Buffer.concat([Buffer.of(0), trimmed]));
}

/** The items of a SET OF must be in order of their encoding. */
export function setOf(...items: Buffer[]): Buffer {
  return der(tag.set, ...items.sort(Buffer.compare));
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(tag.objectIdentifier, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/[-:T]/g, "").slice(0, 14);
  const isShort = Number(digits.slice(0, 4)) < 2050;
  return der(isShort ? 0x17 : 0x18, Buffer.from(`${isShort ? digits.slice(2) : digits}Z`, "latin1"));
}

/** One element as read: its tag, its content, and the whole of its bytes. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

/** The bytes are not DER. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/** The elements in `bytes`, one after the other. @throws {DerError} */
export function readElements(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const { element, end } = readElement(bytes, offset);
    elements.push(element);
    offset = end;
  }
  return elements;
}

function readElement(bytes: Buffer, offset: number): { element: Element; end: number } {
  const tagByte = bytes[offset];
  let length = bytes[offset + 1];
  if (tagByte === undefined || length === undefined) throw new DerError("truncated element");
  let start = offset + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4 || start + count > bytes.length) throw new DerError("unsupported length");
    length = bytes.readUIntBE(start, count);
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) throw new DerError("truncated element");
  return { element: { tag: tagByte, content: bytes.subarray(start, end), raw: bytes.subarray(offset, end) }, end };
}

/** The children of a constructed element with the expected tag. @throws {DerError} */
export function childrenOf(element: Element | undefined, expectedTag: number): Element[] {
  if (element === undefined || element.tag !== expectedTag)
    throw new DerError(`expected an element with tag 0x${expectedTag.toString(16)}`);
  return readElements(element.content);
}

export function readObjectIdentifier(content: Buffer): string {
  const arcs: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      arcs.push(value);
      value = 0;
    }
  }
  const first = arcs.shift() ?? 0;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...arcs].join(".");
}

export function toPem(label: string, content: Uint8Array): string {
  const lines =
    Buffer.from(content)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** The first block with `label`. @throws {DerError} when there is none. */
export function fromPem(label: string, text: string): Buffer {
  const match = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  if (match === null) throw new DerError(`no "${label}" block in the PEM text`);
  return Buffer.from(match[1] ?? "", "base64");
}
