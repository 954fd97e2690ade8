import { percentErrors, type Findings, type IntOrString } from "@coracle/apimachinery";

/** A number of pods or a share of them: not negative, or a percentage. */
export function validateIntOrPercent(value: IntOrString | undefined, at: string, out: Findings): void {
  if (typeof value === "string") out.messages(at, value, percentErrors(value));
  else out.nonNegative(value, at);
}

/** At most all of them; numbers may be higher. */
export function validateNotAboveAll(value: IntOrString | undefined, at: string, out: Findings): void {
  const percent = percentOf(value);
  if (percent !== undefined && percent > 100) out.invalid(at, value, "must not be greater than 100%");
}

/** Whether it is no pod at all: `0`, `0%`, or a text that says nothing. */
export function isNone(value: IntOrString | undefined): boolean {
  if (typeof value !== "string") return (value ?? 0) === 0;
  return (percentOf(value) ?? (/^[+-]?\d+$/.test(value) ? Number(value) : 0)) === 0;
}

function percentOf(value: IntOrString | undefined): number | undefined {
  return typeof value === "string" && percentErrors(value).length === 0 ? Number.parseInt(value, 10) : undefined;
}
