/** Numbers as Go's message printer writes them for English. */

/** With thousands apart: `-1,234,567.89`. */
export function fixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return special(value);
  // JavaScript's own stops at 100 digits; beyond the 1074 digits of the smallest double all are zero anyway.
  const text = roundHalfEven(value, Math.min(precision, 100)) + "0".repeat(Math.max(0, precision - 100));
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  return `${sign}${whole.replaceAll(/\B(?=(\d{3})+$)/g, ",")}${fraction}`;
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** As `toFixed`, which rounds `0.5` to `1` where Go rounds to the even digit. */
function roundHalfEven(value: number, precision: number): string {
  const rounded = value.toFixed(precision);
  if (precision === 100 || rounded.includes("e")) return rounded;
  // Every digit of the number, up to what JavaScript can say.
  // oxlint-disable-next-line number-arg-out-of-range
  const exact = value.toFixed(100);
  const point = exact.indexOf(".");
  const dropped = exact.slice(point + 1 + precision);
  if (!/^50*$/.test(dropped)) return rounded;
  const kept = exact.slice(0, precision === 0 ? point : point + 1 + precision);
  return "02468".includes(kept.at(-1) as string) ? kept : rounded;
}

/** `1.234500×10⁰³`: always with six digits. What looks like a precision is upstream's width. */
export function scientific(value: number, width: number): string {
  return mantissaAndPower(value).padStart(width);
}

function mantissaAndPower(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  const [mantissa = "", exponent = "0"] = value.toExponential(6).split("e");
  const power = Math.abs(Number(exponent)).toString().padStart(2, "0");
  const raised = Array.from(power, (digit) => superscripts[Number(digit)]).join("");
  return `${mantissa}×10${exponent.startsWith("-") ? "⁻" : ""}${raised}`;
}

function special(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
}
