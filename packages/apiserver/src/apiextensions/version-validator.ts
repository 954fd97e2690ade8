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
import { scaleErrors } from "./scale-errors.ts";
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
/** What takes no compiling: the schema, and what the scale subresource needs. */
type Check = (object: Parameters<Validate>[0], old: Parameters<Validate>[1]) => FieldError[];
type Scale = Parameters<typeof scaleErrors>[0] | null;

/**
 * Checks objects of a version by its schema, then by the rules in it, which are compiled with the first object.
 * @param patterns of the schema.
 * @param scale says where replicas are, which have to be counts.
 */
export function versionValidator(schema: Schema, patterns: readonly string[], scale?: Scale): Validate {
  const check: Check = (object, old) => {
    const errors = validateStructural(schema, object, old);
    return scale === undefined || scale === null ? errors : [...errors, ...scaleErrors(scale, object)];
  };
  const validate = hasRules(schema) ? validatorOfRules(schema, check) : (...[object, old]: Parameters<Validate>) => check(object, old);
  let loading: Promise<void> | undefined;
  return (...args) => {
    loading ??= loadPatterns(patterns);
    return loading === undefined ? validate(...args) : loading.then(() => validate(...args));
  };
}

function validatorOfRules(schema: Schema, check: Check): Validate {
  let compiling: Promise<RuleNode | undefined> | undefined;
  return async (object, old, warn) => {
    const errors = check(object, old);
    if (errors.some(({ type }) => blocking.has(type))) return [...errors, invalidField("<nil>", null, notChecked)];
    const cel = await loadCel();
    const tree = await (compiling ??= Promise.resolve(ruleTreeOf(cel, schema)));
    return tree === undefined ? errors : [...errors, ...checkRules(cel, tree, { object, old, warn })];
  };
}
