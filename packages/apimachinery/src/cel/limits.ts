/** The limits that Kubernetes sets; costs are in cel-go's units (about 50 ns of work each). */
export const celLimits = {
  /** One evaluation. */
  perCallCost: 1_000_000,
  /** All evaluations for one object of a custom resource, or one policy binding. */
  runtimeCost: 10_000_000,
  /** All match conditions of one webhook or binding. */
  matchConditionsCost: 2_500_000,
  /** The estimate for one rule of a CustomResourceDefinition. */
  estimatedCostPerExpression: 10_000_000,
  /** The estimates of all rules of one version's schema. */
  estimatedCostPerSchema: 100_000_000,
  /** What a request may hold, from which sizes without a declared bound are guessed. */
  requestBytes: 3 * 1024 * 1024,
  /** The text of a message expression. */
  messageBytes: 5 * 1024,
  /** An expression's code points. */
  expressionLength: 100_000,
  /** Parts of an expression, macros expanded; upstream has no such limit, and macros that use an argument twice. */
  expressionNodes: 100_000,
  /** Code units of a text that an expression makes; upstream has no such limit, and functions that are charged for what they read only. */
  textLength: 32 * 1024 * 1024,
  /** Nesting of an expression; list concatenation, comparisons and the like are not nesting. */
  expressionDepth: 250,
} as const;
