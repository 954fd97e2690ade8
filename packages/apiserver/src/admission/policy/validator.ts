import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicySpec, Validation } from "@coracle/api";
import { returnTypes, type CompiledExpression } from "@coracle/api/expressions";
import { CelBudget, celLimits } from "@coracle/apimachinery/cel";
import { evaluateAll, judgeConditions, OutOfBudgetError, type Evaluation, type ExpressionInput } from "../expressions/index.ts";
import { compilePolicy, type CompiledPolicy } from "./compile.ts";

/** What one expression decided. */
export interface Decision {
  readonly isDenied: boolean;
  readonly message: string;
  /** A Status reason; empty when the expression had no value. */
  readonly reason: string;
}

export interface Annotation {
  readonly key: string;
  readonly value: string;
}

/** What a policy says about a request, for one binding and one parameter. */
export interface Judgement {
  /** One for each validation, in order; one alone when nothing could be found out. */
  readonly decisions: readonly Decision[];
  readonly annotations: readonly Annotation[];
  /** Why annotations have no value; each denies the request. */
  readonly annotationProblems: readonly string[];
}

const nothing: Judgement = { decisions: [], annotations: [], annotationProblems: [] };
const admitted: Decision = { isDenied: false, message: "", reason: "" };

/** The expressions of a ValidatingAdmissionPolicy, compiled. */
export class Validator {
  readonly #spec: Readonly<ValidatingAdmissionPolicySpec>;
  readonly #policy: CompiledPolicy;
  readonly #validations: readonly CompiledExpression[];
  readonly #messages: readonly (CompiledExpression | undefined)[];
  readonly #annotations: readonly CompiledExpression[];

  constructor({ spec = {} }: Readonly<ValidatingAdmissionPolicy>) {
    this.#spec = spec;
    this.#policy = compilePolicy(spec);
    const { compiler } = this.#policy;
    const { validations = [], auditAnnotations = [] } = spec;
    this.#validations = validations.map(({ expression }) => compiler.compile(expression, returnTypes.validation));
    this.#messages = validations.map(({ messageExpression: text = "" }) =>
      text === "" ? undefined : compiler.compile(text, returnTypes.messageExpression, { hasAuthorizer: false }),
    );
    this.#annotations = auditAnnotations.map(({ valueExpression }) => compiler.compile(valueExpression, returnTypes.auditAnnotation));
  }

  judge(given: Omit<ExpressionInput, "variables">): Judgement {
    const { conditions, variables } = this.#policy;
    const input: ExpressionInput = { ...given, variables };
    if (conditions.length > 0) {
      // As upstream: conditions do not see the namespace.
      const verdict = judgeConditions(conditions, this.#spec.failurePolicy, { ...input, namespaceObject: undefined });
      if (verdict.type === "error") return { ...nothing, decisions: [this.#failure(verdict.message)] };
      if (verdict.type === "no-match") return nothing;
    }
    try {
      return { decisions: this.#decide(input), ...this.#annotate(input) };
    } catch (error) {
      if (error instanceof OutOfBudgetError) return { ...nothing, decisions: [this.#failure(error.message)] };
      throw error;
    }
  }

  #decide(input: ExpressionInput): Decision[] {
    const budget = new CelBudget(celLimits.runtimeCost);
    const results = evaluateAll(this.#validations, input, budget);
    let messages: (Evaluation | undefined)[] = [];
    let messageProblem: string | undefined;
    try {
      messages = evaluateAll(this.#messages, input, budget);
    } catch (error) {
      if (!(error instanceof OutOfBudgetError)) throw error;
      messageProblem = `failed messageExpression: ${error.message}`;
    }
    return (this.#spec.validations ?? []).map((validation, index) => {
      const result = results[index];
      if (result?.problem !== undefined) return this.#failure(result.problem);
      if (messageProblem !== undefined) return this.#failure(messageProblem);
      if (result !== undefined && result.value === true) return admitted;
      return { isDenied: true, message: messageOf(validation, messages[index]), reason: validation.reason ?? "Invalid" };
    });
  }

  #annotate(input: ExpressionInput): Pick<Judgement, "annotations" | "annotationProblems"> {
    const annotations: Annotation[] = [];
    const annotationProblems: string[] = [];
    const results = evaluateAll(this.#annotations, input, new CelBudget(celLimits.runtimeCost));
    for (const [index, { key }] of (this.#spec.auditAnnotations ?? []).entries()) {
      const result = results[index];
      if (result === undefined) continue;
      if (result.problem !== undefined) {
        if (this.#spec.failurePolicy !== "Ignore") annotationProblems.push(result.problem);
      } else if (typeof result.value === "string" && result.value.trim() !== "") annotations.push({ key, value: result.value.trim() });
    }
    return { annotations, annotationProblems };
  }

  /** What an expression without a value decides is up to the failure policy. */
  #failure(message: string): Decision {
    return { isDenied: this.#spec.failurePolicy !== "Ignore", message, reason: "" };
  }
}

/** The message expression's value if it has one that fits on a line, else the message, else the expression itself. */
function messageOf({ message = "", expression }: Validation, evaluated: Evaluation | undefined): string {
  const computed =
    evaluated !== undefined && evaluated.problem === undefined && typeof evaluated.value === "string" ? evaluated.value.trim() : "";
  const isUsable = !computed.includes("\n") && Buffer.byteLength(computed) <= celLimits.messageBytes;
  return (isUsable && computed) || message.trim() || `failed expression: ${expression.trim()}`;
}
