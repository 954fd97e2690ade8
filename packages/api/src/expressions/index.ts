/**
 * `@coracle/api/expressions`: the expressions of admission webhooks and policies. Which variables they have, of which types, and how those
 * that build on one another are compiled; evaluation is the API server's. A separate entry, for it brings the expression engine along, which
 * a cluster without such expressions never loads.
 */
export { ExpressionCompiler, type CompiledExpression, type CompilerOptions, type NamedExpression } from "./compiler.ts";
export { returnTypes, type ExpressionScope, type ReturnTypes } from "./scopes.ts";
