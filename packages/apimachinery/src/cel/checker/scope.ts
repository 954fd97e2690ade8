import type { CelEnvironment } from "../environment.ts";
import type { FunctionDeclaration } from "../library/declaration.ts";
import { functionsOf, patchType, typeNames } from "../library/registry.ts";
import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import type { Reference } from "./checked.ts";

export interface Found {
  readonly type: CelType;
  readonly reference: Reference;
}

/** The names that an expression may use at one place: those of the loops around it, then those of the environment. */
export class Scope {
  readonly #environment: CelEnvironment;
  readonly #functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly #locals: (readonly [string, CelType])[] = [];

  constructor(environment: CelEnvironment) {
    this.#environment = environment;
    this.#functions = functionsOf(environment.extensions);
  }

  /** Declares a variable of a loop; the innermost one of a name is seen. */
  push(name: string, type: CelType): void {
    this.#locals.push([name, type]);
  }

  /** Forgets the last so many variables. */
  pop(count: number): void {
    this.#locals.length -= count;
  }

  lookup(written: string): Found | undefined {
    const name = written.startsWith(".") ? written.slice(1) : written;
    const local = this.#locals.findLast(([declared]) => declared === name);
    if (local !== undefined) return { type: local[1], reference: { kind: "local", name } };
    const variable = this.#environment.variables.get(name);
    if (variable !== undefined) return { type: variable, reference: { kind: "variable", name } };
    const type = typeNames.get(name) ?? (this.#environment.extensions.has("patch") ? patchType(name) : undefined);
    return type === undefined ? undefined : { type: celTypes.type(type), reference: { kind: "type", type } };
  }

  function(written: string): FunctionDeclaration | undefined {
    return this.#functions.get(written.startsWith(".") ? written.slice(1) : written);
  }
}
