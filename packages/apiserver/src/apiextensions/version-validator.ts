import {
  invalidField,
  loadPatterns,
  validateStructural,
  type FieldError,
  type ResourceVersionDefinition,
  type Schema,
} from "@coracle/apimachinery";
import { checkRules } from "./rules/check-rules.ts";
import { loadCel } from "./rules/compile-rules.ts";
import { hasRules, ruleTreeOf, type RuleNode } from "./rules/rule-tree.ts";

/** Findings that leave expressions nothing to work with. */
const blocking = new Set<FieldError["type"]>([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);
const notChecked =
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

type Validate = NonNullable<ResourceVersionDefinition["validate"]>;

/**
 * Checks objects of a version by its schema, then by the rules in it, which are compiled with the first object.
 * @param patterns of the schema.
 */
export function versionValidator(schema: Schema, patterns: readonly string[]): Validate {
  const validate = hasRules(schema)
    ? validatorOfRules(schema)
    : (...[object, old]: Parameters<Validate>) => validateStructural(schema, object, old);
  let loading: Promise<void> | undefined;
  return (...args) => {
    loading ??= loadPatterns(patterns);
    return loading === undefined ? validate(...args) : loading.then(() => validate(...args));
  };
}

function validatorOfRules(schema: Schema): Validate {
  let compiling: Promise<RuleNode | undefined> | undefined;
  return async (object, old, warn) => {
    const errors = validateStructural(schema, object, old);
    if (errors.some(({ type }) => blocking.has(type))) return [...errors, invalidField("<nil>", null, notChecked)];
    const cel = await loadCel();
    const tree = await (compiling ??= Promise.resolve(ruleTreeOf(cel, schema)));
    return tree === undefined ? errors : [...errors, ...checkRules(cel, tree, { object, old, warn })];
  };
}
