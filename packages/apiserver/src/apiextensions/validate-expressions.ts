import { deepEqual, type FieldError, type Schema } from "@coracle/apimachinery";
import { checkDefaults } from "./rules/check-defaults.ts";
import { checkExpressions } from "./rules/check-expressions.ts";
import { loadCel, type Cel } from "./rules/compile-rules.ts";
import { hasRules } from "./rules/rule-tree.ts";
import { schemaOfVersion } from "./schema-of.ts";
import type { CustomResourceDefinition } from "./types.ts";
import { schemasOf } from "./validate-definition.ts";

let cel: Cel | undefined;

/** Loads what {@link validateExpressions} needs; undefined when the definition has no rules. */
export function loadExpressions(crd: Readonly<CustomResourceDefinition>): Promise<void> | undefined {
  if (cel !== undefined || schemasWithRules(crd).length === 0) return undefined;
  return loadCel().then((loaded) => void (cel = loaded));
}

/**
 * Checks the rules of a CustomResourceDefinition: that they compile, what they may cost, and that defaults comply. `found` is what is
 * wrong with the definition besides; rules of a value in whose schema something is wrong are not looked at.
 */
export function validateExpressions(
  crd: Readonly<CustomResourceDefinition>,
  old: Readonly<CustomResourceDefinition> | undefined,
  found: readonly FieldError[],
): FieldError[] {
  const engine = cel;
  if (engine === undefined) return [];
  const before = new Map(old === undefined ? [] : schemasOf(old).map(({ version, schema }) => [version, schema]));
  return schemasWithRules(crd).flatMap(({ source, version, schema, path }) => {
    const isWrong = (at: string): boolean => found.some(({ field }) => isAtOrBelow(field, at));
    const isUnchanged = before.has(version) && deepEqual(before.get(version), source);
    const errors = checkExpressions(engine, schema, { path, isUnchanged, isWrong });
    return errors.length > 0 || isWrong(path) ? errors : checkDefaults(engine, schema, path);
  });
}

function isAtOrBelow(field: string, path: string): boolean {
  return field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`);
}

interface RuledSchema {
  readonly path: string;
  readonly version: string;
  readonly source: object;
  readonly schema: Schema;
}

function schemasWithRules(crd: Readonly<CustomResourceDefinition>): RuledSchema[] {
  if (!Array.isArray(crd.spec?.versions)) return [];
  const schemas = schemasOf(crd).map(({ path, version, schema }) => ({ path, version, source: schema, schema: schemaOfVersion(schema) }));
  return schemas.filter(({ schema }) => hasRules(schema));
}
