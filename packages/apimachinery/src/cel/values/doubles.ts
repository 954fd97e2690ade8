/** As Go's `%g` writes the shortest text that reads back as the same number: `1`, `0.0001`, `1e+20`, `1.5e-07`. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

const shape = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const special: Readonly<Record<string, number>> = { inf: Infinity, infinity: Infinity, nan: Number.NaN };

/** Reads a number as Go does. Undefined when the text is none, or too large. */
export function parseDouble(text: string): number | undefined {
  if (shape.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const word = text.replace(/^[+-]/, "").toLowerCase();
  if (!Object.hasOwn(special, word)) return undefined;
  return (text.startsWith("-") ? -1 : 1) * (special[word] as number);
}
