import { parseQuantity, quantityMilliValue, quoteText } from "@coracle/apimachinery";
import type { PersistentVolumeClaimSpec } from "../../generated/types.ts";

/** `fractional byte value "1500m" is invalid, must be an integer`, at `at[name]`; nothing for whole bytes. */
export function fractionWarning(amounts: Readonly<Record<string, string>> | undefined, name: string, at: string): string[] {
  const amount = amounts?.[name];
  if (amount === undefined || quantityMilliValue(parseQuantity(amount)) % 1000 === 0) return [];
  return [`${at}[${name}]: fractional byte value ${quoteText(amount)} is invalid, must be an integer`];
}

export function claimSpecWarnings(spec: Readonly<PersistentVolumeClaimSpec>, at: string): string[] {
  return [
    ...fractionWarning(spec.resources?.requests, "storage", `${at}.resources.requests`),
    ...fractionWarning(spec.resources?.limits, "storage", `${at}.resources.limits`),
  ];
}
