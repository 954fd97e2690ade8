import type { FieldError } from "../validation/field-error.ts";
import { invalidField } from "../validation/field-errors.ts";
import type { Check, CheckOf, Findings } from "./check.ts";
import { formatPath } from "./prune.ts";
import type { Schema } from "./schema.ts";

/** The check for `anyOf`, `oneOf`, `allOf` and `not`; undefined when there are none. */
export function compileCombinators(schema: Schema, checkOf: CheckOf): Check | undefined {
  const { anyOf = [], oneOf = [], allOf = [], not } = schema.validations ?? {};
  if (anyOf.length + oneOf.length + allOf.length === 0 && not === undefined) return undefined;
  return (value, findings) => {
    const tryOut: TryOut = (alternative) => {
      const attempt: Findings = { path: findings.path, errors: [] };
      checkOf(alternative)(value, attempt);
      return attempt.errors;
    };
    if (anyOf.length > 0) checkAnyOf(anyOf, tryOut, findings);
    if (oneOf.length > 0) checkOneOf(oneOf, tryOut, findings);
    if (allOf.length > 0) checkAllOf(allOf, tryOut, findings);
    if (not !== undefined && tryOut(not).length === 0) report("must not validate the schema (not)", findings);
  };
}

/** The findings of the value at hand against another schema. */
type TryOut = (schema: Schema) => FieldError[];

/** Upstream gives these findings no field. */
function report(rule: string, findings: Findings): void {
  findings.errors.push(invalidField("<nil>", "", `"${formatPath(findings.path)}" ${rule}`));
}

function checkAnyOf(schemas: readonly Schema[], tryOut: TryOut, findings: Findings): void {
  let best: FieldError[] | undefined;
  for (const schema of schemas) {
    const errors = tryOut(schema);
    if (errors.length === 0) return;
    if (best === undefined || errors.length < best.length) best = errors;
  }
  report("must validate at least one schema (anyOf)", findings);
  findings.errors.push(...(best ?? []));
}

function checkOneOf(schemas: readonly Schema[], tryOut: TryOut, findings: Findings): void {
  let best: FieldError[] | undefined;
  let valid = 0;
  for (const schema of schemas) {
    const errors = tryOut(schema);
    if (errors.length === 0) valid++;
    else if (best === undefined || errors.length < best.length) best = errors;
  }
  if (valid === 1) return;
  const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
  report(`must validate one and only one schema (oneOf). ${found}`, findings);
  if (valid === 0) findings.errors.push(...(best ?? []));
}

function checkAllOf(schemas: readonly Schema[], tryOut: TryOut, findings: Findings): void {
  let valid = 0;
  for (const schema of schemas) {
    const errors = tryOut(schema);
    if (errors.length === 0) valid++;
    else findings.errors.push(...errors);
  }
  if (valid < schemas.length) report(`must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`, findings);
}
