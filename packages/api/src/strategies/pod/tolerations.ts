import { labelValueErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type { Toleration } from "../../generated/types.ts";
import type { Allowances } from "./allowances.ts";

// In upstream's order, which is not that of the alphabet.
const effects = supportedValues("NoSchedule", "PreferNoSchedule", "NoExecute");
const operators = supportedValues("Equal", "Exists");
const comparisons = supportedValues("Equal", "Exists", "Lt", "Gt");

export function validateTolerations(
  tolerations: readonly Toleration[],
  at: string,
  { out, allow }: { readonly out: Findings; readonly allow: Allowances },
): void {
  for (const [index, toleration] of tolerations.entries()) {
    const here = `${at}[${index}]`;
    const { key = "", operator = "", effect = "", tolerationSeconds } = toleration;
    if (key !== "") out.qualifiedName(key, `${here}.key`);
    else if (operator !== "Exists")
      out.invalid(`${here}.operator`, operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
    if (tolerationSeconds !== undefined && effect !== "NoExecute")
      out.invalid(`${here}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    validateValue(toleration, here, out, allow);
    if (effect !== "") out.oneOf(effect, effects, `${here}.effect`);
  }
}

function validateValue({ operator = "", value = "" }: Readonly<Toleration>, at: string, out: Findings, allow: Allowances): void {
  switch (operator) {
    case "":
    case "Equal": {
      const errors = labelValueErrors(value);
      if (errors.length > 0) out.invalid(`${at}.operator`, value, errors.join(";"));
      return;
    }
    case "Exists":
      if (value !== "") out.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'");
      return;
    case "Lt":
    case "Gt":
      // They come with TaintTolerationComparisonOperators (KEP-5471), which is off.
      if (allow.comparingTolerations()) validateInteger(value, `${at}.value`, out);
      else out.unsupported(`${at}.operator`, operator, comparisons.values);
      return;
    default:
      out.unsupported(`${at}.operator`, operator, operators.values);
  }
}

function validateInteger(value: string, at: string, out: Findings): void {
  if (!/^(?:0|-?[1-9]\d*)$/.test(value)) out.invalid(at, value, "must be a valid decimal integer in canonical form");
  else if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value))
    out.invalid(at, value, `strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`);
}
