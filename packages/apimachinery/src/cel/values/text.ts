/** Strings are sequences of Unicode code points. */
import { celLimits } from "../limits.ts";

const surrogates = /[\uD800-\uDFFF]/;
const cacheFrom = 1024;
const cacheLimit = 64;
/** Sizes of long strings, for an expression may ask for the size of the same one thousands of times. */
const sizes = new Map<string, number>();

/** @throws {RangeError} as the engine does for texts that are too long for it, only long before */
export function allowText(length: number): void {
  if (length > celLimits.textLength) throw new RangeError("text is too long");
}

/** Whether every code point is one code unit. */
export function isPlain(text: string): boolean {
  return !surrogates.test(text);
}

/** The number of code points. */
export function sizeOfText(text: string): number {
  if (text.length < cacheFrom) return countCodePoints(text);
  const known = sizes.get(text);
  if (known !== undefined) return known;
  const size = countCodePoints(text);
  if (sizes.size >= cacheLimit) sizes.clear();
  sizes.set(text, size);
  return size;
}

function countCodePoints(text: string): number {
  if (isPlain(text)) return text.length;
  let size = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const isPair = code >= 0xd8_00 && code < 0xdc_00 && index + 1 < text.length && (text.charCodeAt(index + 1) & 0xfc_00) === 0xdc_00;
    if (isPair) index++;
    size++;
  }
  return size;
}

/** The number of bytes in UTF-8. */
export function byteSizeOfText(text: string): number {
  let size = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // A surrogate pair is two units and four bytes, so each unit counts one more.
    size += code < 0x8_00 || (code >= 0xd8_00 && code < 0xe0_00) ? 1 : 2;
  }
  return size;
}

/** Negative, 0 or positive: the order of the UTF-8 bytes, which is that of the code points. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return orderOf(a) - orderOf(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above all others. */
function orderOf(unit: number): number {
  return unit >= 0xd8_00 && unit < 0xe0_00 ? unit + 0x1_00_00 : unit;
}

/** The text between two positions in code points. */
export function sliceText(text: string, from: number, to: number): string {
  return isPlain(text) ? text.slice(from, to) : Array.from(text).slice(from, to).join("");
}

export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
