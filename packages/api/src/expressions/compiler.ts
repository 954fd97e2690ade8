import { CelCompileError, celTypes, compileCel, createCelEnvironment, type CelProgram, type CelType } from "@coracle/apimachinery/cel";
import { extensionsIn, returnTypes, variablesIn, type ExpressionScope, type ReturnTypes } from "./scopes.ts";

export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** An expression and its program, or why there is none, in upstream's words. */
export interface CompiledExpression {
  readonly expression: string;
  readonly program?: CelProgram;
  readonly problem?: string;
}

export interface CompilerOptions {
  /** Whether there is a variable `params`. */
  readonly hasParams: boolean;
  /** Whether there is a variable `variables`, whose fields come by {@link ExpressionCompiler.addVariable}. */
  readonly hasVariables: boolean;
  /** Makes the compiler check against these types alone, and not what expressions result in. Undefined ones are `dyn`. */
  readonly types?: { readonly object: CelType | undefined; readonly params: CelType | undefined };
}

/** Compiles the expressions of one webhook or policy. */
export class ExpressionCompiler {
  readonly #options: CompilerOptions;
  readonly #fields = new Map<string, CelType>();
  readonly #variables: CelType | undefined;

  constructor(options: CompilerOptions) {
    this.#options = options;
    const fields = { get: (name: string) => this.#fields.get(name), names: () => this.#fields.keys() };
    this.#variables = options.hasVariables ? celTypes.object("kubernetes.variables", fields) : undefined;
  }

  /** Compiles a variable, which sees those before it; those that do not compile have no type. */
  addVariable({ name, expression }: NamedExpression): CompiledExpression {
    const compiled = this.compile(expression, returnTypes.variable);
    this.#fields.set(name, fieldType(compiled.program?.resultType));
    return compiled;
  }

  compile(expression: string, expected: ReturnTypes, scope: ExpressionScope = {}): CompiledExpression {
    const { hasParams, types } = this.#options;
    const variables = variablesIn(scope, {
      params: hasParams ? (types?.params ?? celTypes.dyn) : undefined,
      object: types?.object ?? celTypes.dyn,
      variables: this.#variables,
      isTypeCheck: types !== undefined,
    });
    const environment = createCelEnvironment({ variables, extensions: extensionsIn(scope) });
    try {
      return { expression, program: compileCel(expression, environment, types === undefined ? expected : undefined) };
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error;
      // Only what the parser and the checker find has a place in the expression.
      const isOfResult = error.issues.length === 0 || types !== undefined;
      return { expression, problem: isOfResult ? error.message : `compilation failed: ${error.message}` };
    }
  }
}

const keptKinds = new Set(["bool", "bytes", "double", "duration", "int", "null", "string", "timestamp", "uint"]);

/** The type of a variable's field: upstream keeps scalars, lists and maps, and forgets what objects have. */
function fieldType(type: CelType | undefined): CelType {
  if (type === undefined) return celTypes.dyn;
  if (keptKinds.has(type.kind)) return type;
  const [first, second] = type.parameters.map((parameter) => fieldType(parameter));
  if (type.kind === "list" && first !== undefined) return celTypes.list(first);
  if (type.kind === "map" && first !== undefined && second !== undefined) return celTypes.map(first, second);
  return celTypes.dyn;
}
