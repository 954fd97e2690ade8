/** Where in the expression something is wrong; `line` from 1, `column` from 0, in code points. */
export interface CelIssue {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The expression does not parse, or its types do not fit. The message is cel-go's, one paragraph for each issue.
 * Of the stage `instantiation` (upstream: "program instantiation failed: ") when a constant part can have no value: `int('x')`.
 */
export class CelCompileError extends Error {
  override readonly name = "CelCompileError";
  readonly issues: readonly CelIssue[];
  readonly stage: "compilation" | "instantiation";

  constructor(message: string, issues: readonly CelIssue[] = [], stage: "compilation" | "instantiation" = "compilation") {
    super(message);
    this.issues = issues;
    this.stage = stage;
  }
}

/** The expression has no value for these bindings: `no such key: foo`, `division by zero`. */
export class CelEvaluationError extends Error {
  override readonly name = "CelEvaluationError";
}

/** Evaluation was stopped, or its cost is more than what was left. */
export class CelCostError extends Error {
  override readonly name = "CelCostError";
  /** `call`: this one evaluation was too expensive; `budget`: it was one too many. */
  readonly scope: "call" | "budget";

  constructor(scope: "call" | "budget", message: string) {
    super(message);
    this.scope = scope;
  }
}
