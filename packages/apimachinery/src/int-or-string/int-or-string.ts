/** A field that is a number or a percentage: `maxSurge: 1`, `maxSurge: 25%`. */
export type IntOrString = number | string;

/**
 * The value as a number; a percentage is taken of `total`, rounded up or down. Throws an Error with upstream's text when a
 * string is no percentage.
 */
export function scaledIntOrPercent(value: IntOrString, total: number, rounding: "up" | "down"): number {
  if (typeof value === "number") return value;
  const match = /^([+-]?\d+)%$/.exec(value);
  if (match === null) {
    const cause = value.endsWith("%") ? `strconv.Atoi: parsing ${JSON.stringify(value.slice(0, -1))}: invalid syntax` : "";
    throw new Error(
      cause === ""
        ? "invalid value for IntOrString: invalid type: string is not a percentage"
        : `invalid value for IntOrString: invalid value ${JSON.stringify(value)}: ${cause}`,
    );
  }
  const share = (Number(match[1]) * total) / 100;
  return rounding === "up" ? Math.ceil(share) : Math.floor(share);
}

/** The number of a port-like value: a number, or a string of digits. Undefined for a name. */
export function intOf(value: IntOrString): number | undefined {
  if (typeof value === "number") return value;
  return /^[+-]?\d+$/.test(value) ? Number(value) : undefined;
}

/** Whether the value is a percentage. */
export function isPercent(value: IntOrString): value is string {
  return typeof value === "string" && /^[0-9]+%$/.test(value);
}
