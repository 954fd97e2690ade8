import { ruleFieldPath } from "./rules/field-path.ts";
import type { JsonSchemaProps } from "./types.ts";
import { indexPath, invalidField, requiredField, unsupportedField, type FieldError, type ValidationRule } from "@coracle/apimachinery";

const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const lineBreak = /[\n\r]/;

/** Checks the form of `x-kubernetes-validations`; the expressions themselves are not compiled here. */
export function validateRules(schema: JsonSchemaProps, path: string, errors: FieldError[]): void {
  for (const [index, rule] of (schema["x-kubernetes-validations"] ?? []).entries())
    validateRule(rule, schema, { path: indexPath(path, index), errors });
}

interface Place {
  readonly path: string;
  readonly errors: FieldError[];
}

function validateRule(rule: ValidationRule, schema: JsonSchemaProps, { path, errors }: Place): void {
  const text = (rule.rule ?? "").trim();
  const message = (rule.message ?? "").trim();
  if (text === "") errors.push(requiredField(`${path}.rule`, "rule is not specified"));
  else if (rule.message && message === "") errors.push(invalidField(`${path}.message`, rule.message, "must be non-empty if specified"));
  else if (lineBreak.test(message)) errors.push(invalidField(`${path}.message`, rule.message, "must not contain line breaks"));
  else if (lineBreak.test(text) && message === "") {
    errors.push(requiredField(`${path}.message`, "message must be specified if rule contains line breaks"));
  }
  if (rule.messageExpression && rule.messageExpression.trim() === "") {
    errors.push(requiredField(`${path}.messageExpression`, "messageExpression must be non-empty if specified"));
  }
  if (rule.reason !== undefined && !reasons.includes(rule.reason)) errors.push(unsupportedField(`${path}.reason`, rule.reason, reasons));
  if (!rule.fieldPath) return;
  if (rule.fieldPath.trim() === "") errors.push(invalidField(`${path}.fieldPath`, rule.fieldPath, "must be non-empty if specified"));
  if (lineBreak.test(rule.fieldPath)) errors.push(invalidField(`${path}.fieldPath`, rule.fieldPath, "must not contain line breaks"));
  if (!isPath(rule.fieldPath, schema)) errors.push(invalidField(`${path}.fieldPath`, rule.fieldPath, "must be a valid path"));
}

function isPath(text: string, schema: JsonSchemaProps): boolean {
  try {
    ruleFieldPath(text, schema);
    return true;
  } catch {
    return false;
  }
}
