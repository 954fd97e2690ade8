import { deepEqual, type FieldError } from "@coracle/apimachinery";
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

/** Compiles the rules of a CustomResourceDefinition in which nothing else is wrong; those of a definition that has not changed are right. */
export function validateExpressions(
  crd: Readonly<CustomResourceDefinition>,
  old: Readonly<CustomResourceDefinition> | undefined,
): FieldError[] {
  const engine = cel;
  if (engine === undefined || (old !== undefined && deepEqual(crd.spec.versions, old.spec.versions))) return [];
  return schemasWithRules(crd).flatMap(({ schema, path }) => checkExpressions(engine, schema, path));
}

function schemasWithRules(crd: Readonly<CustomResourceDefinition>): { path: string; schema: ReturnType<typeof schemaOfVersion> }[] {
  if (!Array.isArray(crd.spec?.versions)) return [];
  const schemas = schemasOf(crd).map(({ path, schema }) => ({ path, schema: schemaOfVersion(schema) }));
  return schemas.filter(({ schema }) => hasRules(schema));
}
