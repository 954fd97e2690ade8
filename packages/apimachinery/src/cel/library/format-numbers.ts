/** Numbers as Go's message printer writes them for English. */

/** With thousands apart: `-1,234,567.89`. */
export function fixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return special(value);
  // JavaScript's own stops at 100 digits; beyond the 1074 digits of the smallest double all are zero anyway.
  const text = value.toFixed(Math.min(precision, 100)) + "0".repeat(Math.max(0, precision - 100));
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  return `${sign}${whole.replaceAll(/\B(?=(\d{3})+$)/g, ",")}${fraction}`;
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `1.234500×10⁰³`. */
export function scientific(value: number, precision: number): string {
  if (!Number.isFinite(value)) return special(value);
  const [mantissa = "", exponent = "0"] = value.toExponential(Math.min(precision, 100)).split("e");
  const power = Math.abs(Number(exponent)).toString().padStart(2, "0");
  const raised = Array.from(power, (digit) => superscripts[Number(digit)]).join("");
  return `${mantissa}${"0".repeat(Math.max(0, precision - 100))}×10${exponent.startsWith("-") ? "⁻" : ""}${raised}`;
}

function special(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
}
