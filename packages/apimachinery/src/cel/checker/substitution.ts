import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { isDyn, isDynOrError, isExactType, withParameters } from "../types/relate.ts";

/** What is known so far of the type parameters of an expression. Attempts that fail leave no trace. */
export class Substitution {
  readonly #found = new Map<string, CelType>();
  /** What to put back when an attempt fails. */
  #undo: (readonly [string, CelType | undefined])[] = [];

  /** Whether a value of the one type can stand where the other is asked for; type parameters are settled to make it so. */
  isAssignable(left: CelType, right: CelType): boolean {
    return this.#attempt(() => this.#assignable(left, right));
  }

  areAssignable(left: readonly CelType[], right: readonly CelType[]): boolean {
    return this.#attempt(() => this.#allAssignable(left, right));
  }

  /** The type with its parameters replaced by what is known; those that are not known become `dyn` if asked. */
  apply(type: CelType, toDyn: boolean): CelType {
    if (type.kind === "param") {
      const found = this.#found.get(type.name);
      if (found !== undefined) return this.apply(found, toDyn);
      return toDyn ? celTypes.dyn : type;
    }
    if (type.parameters.length === 0) return type;
    return withParameters(
      type,
      type.parameters.map((parameter) => this.apply(parameter, toDyn)),
    );
  }

  #attempt(test: () => boolean): boolean {
    this.#undo = [];
    if (test()) return true;
    for (const [name, previous] of this.#undo.reverse()) {
      if (previous === undefined) this.#found.delete(name);
      else this.#found.set(name, previous);
    }
    return false;
  }

  #settle(name: string, type: CelType): void {
    this.#undo.push([name, this.#found.get(name)]);
    this.#found.set(name, type);
  }

  #allAssignable(left: readonly CelType[], right: readonly CelType[]): boolean {
    return left.length === right.length && left.every((type, index) => this.#assignable(type, right[index] as CelType));
  }

  #assignable(left: CelType, right: CelType): boolean {
    if (right.kind === "param") {
      const result = this.#trySubstitute(left, right);
      if (result !== "unknown") return result === "valid";
    }
    if (left.kind === "param") return this.#trySubstitute(right, left) === "valid";
    if (isDynOrError(left) || isDynOrError(right)) return true;
    if (left.kind === "null") return acceptsNull(right);
    if (right.kind === "null") return acceptsNull(left);
    if (left.kind !== right.kind) return false;
    if (left.kind === "type") return true;
    return left.name === right.name && this.#allAssignable(left.parameters, right.parameters);
  }

  /** Whether `type` can be what the parameter stands for. `unknown`: it cannot, but nothing else is known of the parameter either. */
  #trySubstitute(type: CelType, parameter: CelType): "valid" | "invalid" | "unknown" {
    if (isExactType(type, parameter)) return "valid";
    const found = this.#found.get(parameter.name);
    if (found !== undefined) {
      if (isExactType(type, found)) return "valid";
      if (!this.#assignable(type, found)) return "invalid";
      const general = mostGeneral(type, found);
      if (!this.#occursIn(parameter, general)) this.#settle(parameter.name, general);
      return "valid";
    }
    if (this.#occursIn(parameter, type)) return "unknown";
    this.#settle(parameter.name, type);
    return "valid";
  }

  #occursIn(parameter: CelType, type: CelType): boolean {
    if (isExactType(parameter, type)) return true;
    if (type.kind === "param") {
      const found = this.#found.get(type.name);
      return found !== undefined && this.#occursIn(parameter, found);
    }
    return type.parameters.some((inner) => this.#occursIn(parameter, inner));
  }
}

function acceptsNull({ kind }: CelType): boolean {
  return kind === "null" || kind === "opaque" || kind === "object" || kind === "duration" || kind === "timestamp";
}

/** Of two types that fit, the one that says less. */
export function mostGeneral(left: CelType, right: CelType): CelType {
  return isEqualOrLessSpecific(left, right) ? left : right;
}

function isEqualOrLessSpecific(left: CelType, right: CelType): boolean {
  if (isDyn(left) || left.kind === "param") return true;
  if (isDyn(right) || right.kind === "param" || left.kind !== right.kind) return false;
  switch (left.kind) {
    case "opaque":
      return left.name === right.name && left.parameters.length === right.parameters.length && areLessSpecific(left, right);
    case "list":
    case "map":
      return areLessSpecific(left, right);
    case "type":
      return true;
    default:
      return isExactType(left, right);
  }
}

function areLessSpecific(left: CelType, right: CelType): boolean {
  return left.parameters.every((parameter, index) => isEqualOrLessSpecific(parameter, right.parameters[index] as CelType));
}
