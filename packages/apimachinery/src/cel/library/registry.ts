import type { CelExtension } from "../environment.ts";
import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { arithmetic } from "./arithmetic.ts";
import { authorization } from "./authorization.ts";
import { comparison } from "./comparison.ts";
import { conversions } from "./conversions.ts";
import { core } from "./core.ts";
import type { FunctionDeclaration } from "./declaration.ts";
import { namedFormats } from "./formats.ts";
import { lists } from "./lists.ts";
import { network } from "./network.ts";
import { optionals } from "./optionals.ts";
import { patches } from "./patches.ts";
import { quantities } from "./quantities.ts";
import { semvers } from "./semvers.ts";
import { texts } from "./texts.ts";
import { times } from "./times.ts";
import { urls } from "./urls.ts";

export { patchType } from "./patches.ts";

/** The base environment of Kubernetes 1.36. */
const base: readonly (readonly FunctionDeclaration[])[] = [
  core,
  arithmetic,
  comparison,
  conversions,
  texts,
  times,
  optionals,
  lists,
  network,
  quantities,
  urls,
  semvers,
  namedFormats,
  authorization,
];

const baseFunctions = merge(base.flat());
const withPatches = merge([...base.flat(), ...patches]);

/** Every function by its name, the overloads of all libraries together. */
export function functionsOf(extensions: ReadonlySet<CelExtension>): ReadonlyMap<string, FunctionDeclaration> {
  return extensions.has("patch") ? withPatches : baseFunctions;
}

function merge(declarations: readonly FunctionDeclaration[]): ReadonlyMap<string, FunctionDeclaration> {
  const functions = new Map<string, FunctionDeclaration>();
  for (const declaration of declarations) {
    const known = functions.get(declaration.name);
    functions.set(
      declaration.name,
      known === undefined ? declaration : { ...known, overloads: [...known.overloads, ...declaration.overloads] },
    );
  }
  return functions;
}

const { bool, bytes, double, duration, int, string, timestamp, uint, dyn } = celTypes;

/** Types as expressions name them. */
export const typeNames: ReadonlyMap<string, CelType> = new Map(
  [
    bool,
    bytes,
    double,
    duration,
    int,
    celTypes.list(dyn),
    celTypes.map(dyn, dyn),
    celTypes.null,
    string,
    timestamp,
    celTypes.type(),
    uint,
    celTypes.optional(dyn),
    celTypes.ip,
    celTypes.cidr,
  ].map((type) => [type.name, type]),
);
