import type { Node } from "../parser/ast.ts";
import type { CelType } from "../types/type.ts";
import { type Range, unknownRange } from "./range.ts";

/**
 * Where data comes from: the name of a variable, then names of fields, `@items`, `@values` and `@keys`. Empty for what the expression
 * made by itself.
 */
export type Path = readonly string[];

/** An argument of a call whose cost is to be estimated. */
export interface Part {
  readonly path: Path;
  readonly type: CelType;
  /** Absent for the items of a list. */
  readonly node?: Node;
  /** Undefined when nothing is known of it. */
  readonly size: Range | undefined;
}

/** The size that the type of the root states for the data at a path. */
export function sizeAtPath(root: CelType | undefined, path: Path): Range | undefined {
  if (path.length === 0) return undefined;
  let type = root;
  // The first name is that of a variable: whichever it is, its type is taken to be the root.
  for (const name of path.slice(1)) type = type && typeBelow(type, name);
  return type === undefined ? undefined : { min: 0n, max: BigInt(type.maxElements ?? 0) };
}

function typeBelow(type: CelType, name: string): CelType | undefined {
  switch (name) {
    case "@items":
    case "@values":
      return type.kind === "list" || type.kind === "map" ? type.parameters.at(-1) : undefined;
    case "@keys":
      return type.kind === "map" ? type.parameters[0] : undefined;
    default:
      return type.fields?.get(name);
  }
}

export function sizeOfPart({ size }: Part): Range {
  return size ?? unknownRange;
}
