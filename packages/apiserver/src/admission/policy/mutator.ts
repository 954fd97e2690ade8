import type { MutatingAdmissionPolicy, Mutation } from "@coracle/api";
import { returnTypes, type CompiledExpression, type ExpressionCompiler } from "@coracle/api/expressions";
import { applyJsonPatch, isPlainObject, mergeConfiguration, StatusError, type UnstructuredObject } from "@coracle/apimachinery";
import { CelBudget, CelEvaluationError, celLimits, celToJson, type CelResult } from "@coracle/apimachinery/cel";
import { evaluateAll, type ExpressionInput } from "../expressions/index.ts";
import { hasOwnKind } from "../matching/index.ts";
import { compilePolicy } from "./compile.ts";

/** What a mutation makes of the object. @throws {Error} in upstream's words when its expression has no value or does not fit the object. */
export type ApplyMutation = (input: ExpressionInput) => unknown;

/** The expressions of a MutatingAdmissionPolicy, compiled. */
export class Mutator {
  readonly variables: ReadonlyMap<string, CompiledExpression>;
  readonly conditions: readonly CompiledExpression[];
  readonly mutations: readonly ApplyMutation[];

  constructor({ spec = {} }: Readonly<MutatingAdmissionPolicy>) {
    const { compiler, variables, conditions } = compilePolicy(spec);
    this.variables = variables;
    this.conditions = conditions;
    this.mutations = (spec.mutations ?? []).flatMap((mutation) => compileMutation(mutation, compiler) ?? []);
  }
}

function compileMutation({ patchType, jsonPatch, applyConfiguration }: Mutation, compiler: ExpressionCompiler): ApplyMutation | undefined {
  const scope = { hasPatchTypes: true };
  if (patchType === "JSONPatch" && jsonPatch !== undefined) {
    const compiled = compiler.compile(jsonPatch.expression ?? "", returnTypes.jsonPatch, scope);
    return (input) => patch(input, valueOf(compiled, input));
  }
  if (patchType === "ApplyConfiguration" && applyConfiguration !== undefined) {
    const compiled = compiler.compile(applyConfiguration.expression ?? "", returnTypes.applyConfiguration, scope);
    return (input) => merge(input, valueOf(compiled, input));
  }
  return undefined;
}

function valueOf(compiled: CompiledExpression, input: ExpressionInput): unknown {
  if (compiled.problem !== undefined) throw new Error(compiled.problem);
  const [result] = evaluateAll([compiled], input, new CelBudget(celLimits.runtimeCost));
  if (result === undefined || result.problem !== undefined) throw new Error(result?.problem ?? "no value");
  return asJson(result.value);
}

function asJson(value: CelResult): unknown {
  try {
    return celToJson(value);
  } catch (error) {
    if (error instanceof CelEvaluationError) throw new Error(error.message, { cause: error });
    throw error;
  }
}

function patch({ object }: ExpressionInput, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw new Error("type mismatch: JSONPatchType.expression should evaluate to array");
  try {
    return applyJsonPatch(object, operations.map(withoutEmptyFrom));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const cause = error.status.details?.causes?.[0]?.message ?? error.message;
    // A test that does not hold makes the patch one that is not for this object.
    if (cause.endsWith("test failed")) return object;
    throw new Error(`JSON Patch: ${cause}`, { cause: error });
  }
}

function withoutEmptyFrom(operation: unknown): unknown {
  if (!isPlainObject(operation) || operation["from"] !== "") return operation;
  const { from: _, ...rest } = operation;
  return rest;
}

function merge({ object, sight }: ExpressionInput, configuration: unknown): unknown {
  if (!isPlainObject(configuration)) throw new Error(`unsupported return type from ApplyConfiguration expression: ${typeof configuration}`);
  const { apiVersion, kind } = object as UnstructuredObject;
  if (hasOwnKind(sight)) throw new Error(`error applying patch: no schema of ${apiVersion}, Kind=${kind}`);
  try {
    return mergeConfiguration(sight.version.schema, object as UnstructuredObject, { ...configuration, apiVersion, kind });
  } catch (error) {
    throw new Error(`error applying patch: ${(error as Error).message}`, { cause: error });
  }
}
