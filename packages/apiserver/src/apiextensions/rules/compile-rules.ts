import type { Schema, ValidationRule } from "@coracle/apimachinery";
import type { CelProgram, CelType } from "@coracle/apimachinery/cel";
import { ruleFieldPath } from "./field-path.ts";

/** The expression engine, which is loaded with the first definition that has a rule. */
export type Cel = typeof import("@coracle/apimachinery/cel");

let loading: Promise<Cel> | undefined;

export function loadCel(): Promise<Cel> {
  return (loading ??= import("@coracle/apimachinery/cel"));
}

/** A rule and its programs, or why it has none. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  /** Absent for empty rules and with an error. */
  readonly program?: CelProgram;
  readonly error?: string;
  readonly usesOldSelf: boolean;
  readonly messageProgram?: CelProgram;
  readonly messageError?: string;
  /** Where findings are, below the value; empty for the value itself. */
  readonly fieldPath: string;
}

/** What rules are compiled for. */
export interface RuleScope {
  /** The type of `self`. */
  readonly type: CelType;
  readonly schema: Schema;
}

/** Compiles the rules for values of a schema, each on its own: one that fails does not hide the others. */
export function compileRules(cel: Cel, scope: RuleScope, rules: readonly ValidationRule[]): CompiledRule[] {
  return rules.map((rule) => compileRule(cel, scope, rule));
}

/** How failures are introduced, by the stage at which an expression turned out to be wrong. */
type Problems = Readonly<Record<"compilation" | "instantiation", string>>;

const ruleProblems: Problems = { compilation: "compilation failed", instantiation: "program instantiation failed" };
const messageProblems: Problems = {
  compilation: "messageExpression compilation failed",
  instantiation: "messageExpression instantiation failed",
};

function compileRule(cel: Cel, { type, schema }: RuleScope, rule: ValidationRule): CompiledRule {
  const { celTypes, createCelEnvironment } = cel;
  const none = { rule, usesOldSelf: false, fieldPath: "" };
  if (rule.rule.trim() === "") return none;
  const oldSelf = rule.optionalOldSelf === true ? celTypes.optional(type) : type;
  const environment = createCelEnvironment({ variables: { self: type, oldSelf } });
  const compile = (text: string, kinds: Problems): { program: CelProgram } | { error: string } => {
    try {
      return { program: cel.compileCel(text, environment) };
    } catch (error) {
      if (error instanceof cel.CelCompileError) return { error: `${kinds[error.stage]}: ${error.message}` };
      throw error;
    }
  };
  const main = compile(rule.rule, ruleProblems);
  if ("error" in main) return { ...none, error: main.error };
  const { program } = main;
  const usesOldSelf = program.references.has("oldSelf");
  if (program.resultType.kind !== "bool") return { ...none, usesOldSelf, error: "cel expression must evaluate to a bool" };
  const compiled = { rule, program, usesOldSelf, fieldPath: findingPath(rule, schema) };
  if (!rule.messageExpression) return compiled;
  const message = compile(rule.messageExpression, messageProblems);
  if ("error" in message) return { ...compiled, messageError: message.error };
  if (message.program.resultType.kind !== "string") {
    return { ...compiled, messageError: "messageExpression must evaluate to a string" };
  }
  return { ...compiled, messageProgram: message.program };
}

/** A path that leads nowhere was refused with the definition; one that was not is ignored. */
function findingPath({ fieldPath }: ValidationRule, schema: Schema): string {
  if (!fieldPath) return "";
  try {
    return ruleFieldPath(fieldPath, schema);
  } catch {
    return "";
  }
}
