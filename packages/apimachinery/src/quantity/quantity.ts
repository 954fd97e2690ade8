/**
 * Amounts of resources, exact to a billionth. Every client reads the canonical form back (`0.5` → `500m`, `1024Mi` → `1Gi`),
 * so formatting follows upstream's `resource.Quantity` to the letter: nothing finer than nano (rounded away from zero), no
 * fraction, the largest suffix that leaves a whole number, and the notation the amount was written in.
 */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

export type QuantityFormat = "BinarySI" | "DecimalSI" | "DecimalExponent";

/** The text is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const wrongSuffix = "unable to parse quantity's suffix";

const nano = 1_000_000_000n;
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** Binary amounts and long numbers stop here, as upstream's do. */
const largestNanos = (2n ** 63n - 1n) * nano;
const largestFastDigits = 18;
/** Text of a number longer than this is no honest amount. */
const longestText = 256;

const cache = new Map<string, Quantity>();
const cacheLimit = 4096;

/** Reads `1500m`, `0.5`, `1Gi`, `1e3`; a JSON number is read as its text. Throws {@link QuantityError}. */
export function parseQuantity(source: string | number): Quantity {
  const text = typeof source === "string" ? source : String(source);
  const cached = cache.get(text);
  if (cached !== undefined) return cached;
  const quantity = parseText(text.trim());
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(text, quantity);
  return quantity;
}

/** Whether {@link parseQuantity} accepts the text. */
export function isQuantity(source: unknown): source is string | number {
  if (typeof source !== "string" && typeof source !== "number") return false;
  try {
    parseQuantity(source);
    return true;
  } catch {
    return false;
  }
}

const shape = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*)([-+]?[0-9]*)$/;

function parseText(text: string): Quantity {
  const match = text.length > longestText ? null : shape.exec(text);
  if (match === null) throw new QuantityError(wrongFormat);
  const [, sign = "", whole = "", fraction = "", letters = "", exponentText = ""] = match;
  if (whole === "" && fraction === "") throw new QuantityError(wrongFormat);
  const { base, exponent, format } = parseSuffix(letters, exponentText);
  const digits = BigInt(whole + fraction);
  let nanos = base === 2 ? scaled(digits << BigInt(exponent), 9 - fraction.length) : scaled(digits, 9 - fraction.length + exponent);
  const isLong = whole.replace(/^0+/, "").length + fraction.length >= largestFastDigits;
  if ((base === 2 || isLong) && nanos > largestNanos) nanos = largestNanos;
  // Less than one byte cannot be said in binary.
  const written = format === "BinarySI" && nanos > 0n && nanos < nano ? "DecimalSI" : format;
  return { nanos: sign === "-" ? -nanos : nanos, format: written };
}

/** `digits` × 10^`power`, rounded up; `digits` is not negative. */
function scaled(digits: bigint, power: number): bigint {
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (digits + divisor - 1n) / divisor;
}

function parseSuffix(letters: string, exponentText: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  if (exponentText !== "") {
    const exponent = Number(exponentText);
    if ((letters !== "e" && letters !== "E") || !Number.isInteger(exponent) || Math.abs(exponent) > 300)
      throw new QuantityError(wrongSuffix);
    return { base: 10, exponent, format: "DecimalExponent" };
  }
  const decimal = decimalSuffixes.indexOf(letters);
  if (decimal >= 0) return { base: 10, exponent: (decimal - 3) * 3, format: "DecimalSI" };
  const binary = binarySuffixes.indexOf(letters);
  if (binary < 0) throw new QuantityError(wrongSuffix);
  return { base: 2, exponent: binary * 10, format: "BinarySI" };
}

/** The canonical text. */
export function formatQuantity(quantity: Quantity): string {
  const { nanos, format } = quantity;
  if (nanos === 0n) return "0";
  const isBinary = format === "BinarySI" && nanos % nano === 0n && (nanos >= 1024n * nano || nanos <= -1024n * nano);
  if (isBinary) return formatBinary(nanos / nano);
  let mantissa = nanos;
  let step = 0;
  const last = format === "DecimalExponent" ? Number.POSITIVE_INFINITY : decimalSuffixes.length - 1;
  while (step < last && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    step++;
  }
  if (format !== "DecimalExponent") return `${mantissa}${decimalSuffixes[step]}`;
  const exponent = (step - 3) * 3;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}

function formatBinary(value: bigint): string {
  let mantissa = value;
  let step = 0;
  while (step < binarySuffixes.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    step++;
  }
  return `${mantissa}${binarySuffixes[step]}`;
}

/** The canonical form of a text: `1024Mi` → `1Gi`. Throws {@link QuantityError}. */
export function canonicalQuantity(source: string | number): string {
  return formatQuantity(parseQuantity(source));
}

/** Negative when `left` is less, 0 when they are the same amount. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  return left.nanos < right.nanos ? -1 : left.nanos > right.nanos ? 1 : 0;
}

/** The sum, in the notation of `left` unless that is zero. */
export function addQuantities(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos + right.nanos, format: left.nanos === 0n ? right.format : left.format };
}

/** The difference, in the notation of `left` unless that is zero. */
export function subtractQuantities(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos - right.nanos, format: left.nanos === 0n ? right.format : left.format };
}

/** An amount of whole units. */
export function quantityFromInteger(value: number | bigint, format: QuantityFormat = "DecimalSI"): Quantity {
  return { nanos: BigInt(value) * nano, format };
}

/** An amount of thousandths. */
export function quantityFromMilli(milli: number | bigint, format: QuantityFormat = "DecimalSI"): Quantity {
  return { nanos: BigInt(milli) * 1_000_000n, format };
}

/** The amount as a JavaScript number, which may lose digits. */
export function quantityToNumber(quantity: Quantity): number {
  return Number(quantity.nanos / nano) + Number(quantity.nanos % nano) / 1e9;
}

/** Whole units, rounded away from zero. */
export function quantityValue(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, nano));
}

/** Thousandths, rounded away from zero. */
export function quantityMilliValue(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, 1_000_000n));
}

function dividedUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (value % divisor === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

export const zeroQuantity: Quantity = { nanos: 0n, format: "DecimalSI" };
