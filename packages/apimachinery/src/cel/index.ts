/**
 * `@coracle/apimachinery/cel`: the Common Expression Language as Kubernetes 1.36 uses it, for policies, match conditions and the rules of
 * CustomResourceDefinitions. Separate from the package's front door, so that a server without expressions never loads it.
 *
 * An expression is parsed (parser), checked against the types of its variables (checker), compiled to closures (evaluator) and
 * evaluated within a cost budget; functions live in library, one file for each of Kubernetes' libraries.
 *
 *     const environment = createCelEnvironment({ variables: { self: celTypeOfSchema(schema) ?? celTypes.dyn } });
 *     const program = compileCel("self.replicas <= 10", environment, celTypes.bool);
 *     program.evaluate({ self: { replicas: 3 } }, new CelBudget()); // true
 */
export type { CelFields, CelJsonForm, CelKind, CelType } from "./types/type.ts";
export { celTypes } from "./types/types.ts";
export { celTypeOfSchema, type CelSchemaOptions } from "./schema-type.ts";
export { createCelEnvironment, type CelEnvironment, type CelEnvironmentOptions, type CelExtension } from "./environment.ts";
export { compileCel, type CelProgram, type CelResult } from "./program.ts";
export { CelBudget } from "./budget.ts";
export { CelCompileError, CelCostError, CelEvaluationError, type CelIssue } from "./errors.ts";
export { celLimits } from "./limits.ts";
export { lazy, type CelLazy } from "./lazy.ts";
export { celToJson } from "./json.ts";
export type { CelValue } from "./values/value.ts";
export {
  celAuthorizer,
  celResourceCheck,
  type CelAuthorizationDecision,
  type CelAuthorizationQuery,
  type CelAuthorizer,
  type CelRequestResource,
} from "./authorizer.ts";
