import type { CelType } from "./types/type.ts";

/**
 * What is not part of Kubernetes' base environment: `patch` is `Object{}`, `JSONPatch{}` and `jsonpatch.escapeKey` of mutating policies;
 * `bindings` is `cel.bind`, which only device selectors have.
 */
export type CelExtension = "patch" | "bindings";

export interface CelEnvironmentOptions {
  /** By name; a name may be qualified (`authorizer.requestResource`). */
  readonly variables: Readonly<Record<string, CelType>>;
  /** Defaults to none. The libraries of Kubernetes 1.36's base environment are always there, the authorizer's included. */
  readonly extensions?: readonly CelExtension[];
  /** Where the estimate takes sizes from: the type of `self`. Defaults to that variable's type, else no size is known. */
  readonly sizesFrom?: CelType;
}

/** What an expression may refer to. Immutable; one may serve any number of expressions. */
export interface CelEnvironment {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly extensions: ReadonlySet<CelExtension>;
  readonly sizesFrom: CelType | undefined;
}

/** The environment that Kubernetes 1.36 gives its expressions, with these variables. */
export function createCelEnvironment(options: CelEnvironmentOptions): CelEnvironment {
  const variables = new Map(Object.entries(options.variables));
  return { variables, extensions: new Set(options.extensions), sizesFrom: options.sizesFrom ?? variables.get("self") };
}
