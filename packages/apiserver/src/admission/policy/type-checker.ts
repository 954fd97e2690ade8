import type { Rule, ValidatingAdmissionPolicy } from "@coracle/api";
import { ExpressionCompiler, returnTypes } from "@coracle/api/expressions";
import type { ResourceDefinition, ResourceVersionDefinition } from "@coracle/apimachinery";
import { celTypeOfSchema, type CelType } from "@coracle/apimachinery/cel";
import { findParamResource } from "./params.ts";

export interface ExpressionWarning {
  readonly fieldRef: string;
  readonly warning: string;
}

/** Types that a policy's expressions are checked against, at most, for each rule. */
const typesLimit = 10;

interface Checked {
  /** `apps/v1, Kind=Deployment`. */
  readonly name: string;
  readonly type: CelType | undefined;
}

/** Checks the expressions of a policy against the types of the resources that its rules name, as upstream's status controller does. */
export function checkTypes(
  { spec = {} }: Readonly<ValidatingAdmissionPolicy>,
  definitions: readonly ResourceDefinition[],
): ExpressionWarning[] {
  const { matchConstraints, paramKind, variables = [], validations = [] } = spec;
  const checked = new Map<string, Checked>();
  for (const rule of matchConstraints?.resourceRules ?? []) {
    for (const each of typesOf(rule, definitions).slice(0, typesLimit)) checked.set(each.name, each);
  }
  const objects = [...checked.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  const params = paramKind === undefined ? undefined : paramType(paramKind, definitions);
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, expression: string): void => {
    const texts = objects.flatMap(({ name, type }) => {
      const compiler = new ExpressionCompiler({ hasParams: paramKind !== undefined, hasVariables: true, types: { object: type, params } });
      for (const variable of variables) compiler.addVariable(variable);
      const { problem } = compiler.compile(expression, returnTypes.variable);
      return problem === undefined ? [] : [`${name}: ${problem}\n`];
    });
    if (texts.length > 0) warnings.push({ fieldRef, warning: texts.join("\n") });
  };
  for (const [index, { expression, messageExpression = "" }] of validations.entries()) {
    check(`spec.validations[${index}].expression`, expression);
    if (messageExpression !== "") check(`spec.validations[${index}].messageExpression`, messageExpression);
  }
  return warnings;
}

/** The kinds that a rule names one by one; nothing when it has wildcards. */
function typesOf(
  { apiGroups = [], apiVersions = [], resources = [] }: Readonly<Rule>,
  definitions: readonly ResourceDefinition[],
): Checked[] {
  if (apiGroups.some((group) => group.includes("*")) || apiVersions.some((version) => version.includes("*"))) return [];
  const names = resources.filter((resource) => !/[*/]/.test(resource)).sort();
  const found: Checked[] = [];
  for (const group of [...apiGroups].sort()) {
    for (const version of [...apiVersions].sort()) {
      for (const name of names) {
        const definition = definitions.find((each) => each.group === group && each.resource === name);
        const served = definition?.versions.find((each) => each.isServed && each.version === version);
        if (definition !== undefined && served !== undefined)
          found.push({ name: kindName(definition, served), type: typeOf(definition, served) });
      }
    }
  }
  return found;
}

function kindName({ group, kind }: ResourceDefinition, { version }: ResourceVersionDefinition): string {
  return `${group}/${version}, Kind=${kind}`;
}

function typeOf({ kind }: ResourceDefinition, { schema }: ResourceVersionDefinition): CelType | undefined {
  return celTypeOfSchema(schema, { name: kind, isResourceRoot: true });
}

function paramType(paramKind: Parameters<typeof findParamResource>[0], definitions: readonly ResourceDefinition[]): CelType | undefined {
  try {
    const { definition, version } = findParamResource(paramKind, definitions);
    return typeOf(definition, version);
  } catch {
    // Its definition may come later; until then anything goes.
    return undefined;
  }
}
