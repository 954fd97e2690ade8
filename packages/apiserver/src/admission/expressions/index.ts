/**
 * Evaluates the expressions of webhooks and policies for a request. Loaded with the first of them; brings the expression engine along.
 */
export { bindingsFor, type ExpressionInput } from "./bindings.ts";
export { evaluateAll, OutOfBudgetError, type Evaluation } from "./evaluate.ts";
export { judgeConditions, type ConditionVerdict, type NamedCondition } from "./conditions.ts";
