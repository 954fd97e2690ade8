import type { Schema } from "@coracle/apimachinery";
import { compileRules, type Cel, type CompiledRule } from "./compile-rules.ts";
import { visibleSchema } from "./visible-schema.ts";

/** The rules of a schema and of what is below it; parts without rules are left out. */
export interface RuleNode {
  readonly schema: Schema;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly values: RuleNode | undefined;
  readonly items: RuleNode | undefined;
  readonly allOf: readonly RuleNode[];
}

/** Whether any value that the schema describes has rules. */
export function hasRules(schema: Schema): boolean {
  if ((schema.rules?.length ?? 0) > 0) return true;
  if (schema.items !== undefined && hasRules(schema.items)) return true;
  if (schema.additionalProperties !== undefined && hasRules(schema.additionalProperties)) return true;
  if ((schema.validations?.allOf ?? []).some(hasRules)) return true;
  return Object.values(schema.properties ?? {}).some(hasRules);
}

/** Compiles all rules of a schema, that of whole custom resources unless told otherwise. */
export function ruleTreeOf(cel: Cel, schema: Schema, { isResourceRoot = true } = {}): RuleNode | undefined {
  return nodeOf(cel, schema, schema, isResourceRoot);
}

/** `source` has the rules, `schema` the types: they differ inside of `allOf`, whose branches have no types of their own. */
function nodeOf(cel: Cel, source: Schema, schema: Schema, isResourceRoot: boolean): RuleNode | undefined {
  if (!hasRules(source)) return undefined;
  const type = cel.celTypeOfSchema(visibleSchema(schema, isResourceRoot), { name: "selfType" });
  // Data that expressions cannot see has no rules that could be run.
  if (type === undefined) return undefined;
  const child = (inner: Schema | undefined, typed: Schema | undefined): RuleNode | undefined =>
    inner === undefined || typed === undefined ? undefined : nodeOf(cel, inner, typed, typed.isEmbeddedResource === true);
  const properties = new Map<string, RuleNode>();
  for (const [name, inner] of Object.entries(source.properties ?? {})) {
    const node = child(inner, schema.properties?.[name]);
    if (node !== undefined) properties.set(name, node);
  }
  return {
    schema,
    rules: compileRules(cel, { type, schema }, source.rules ?? []),
    properties,
    values: child(source.additionalProperties, schema.additionalProperties),
    items: child(source.items, schema.items),
    allOf: (source.validations?.allOf ?? [])
      .map((branch) => nodeOf(cel, branch, schema, isResourceRoot))
      .filter((node) => node !== undefined),
  };
}
