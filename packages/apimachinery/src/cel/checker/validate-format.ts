import { clauseProblems, FormatError, formatClauses } from "../library/format-text.ts";
import type { CallNode, Node } from "../parser/ast.ts";
import type { LocatedIssue } from "../parser/source.ts";
import type { CelKind } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import type { Checked } from "./checked.ts";

const integers: readonly CelKind[] = ["int", "uint"];
const numbers: readonly CelKind[] = ["double", "string"];
const scalars: readonly CelKind[] = ["int", "uint", "double", "bool", "string", "timestamp", "bytes", "duration", "type", "null"];
const texts: readonly CelKind[] = ["list", "map", ...scalars];
const hexadecimals: readonly CelKind[] = [...integers, "string", "bytes"];

const kindsOfVerb: Readonly<Record<string, readonly CelKind[]>> = {
  s: texts,
  d: integers,
  f: numbers,
  e: numbers,
  b: [...integers, "bool"],
  o: integers,
  x: hexadecimals,
  X: hexadecimals,
};

/** An argument whose type no clause of that kind takes. */
class Unfit extends FormatError {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Finds what is wrong with `'…'.format([…])` when both are written out. */
export function validateFormat(checked: Checked, { target, args, offset }: CallNode, issues: LocatedIssue[]): void {
  const [list] = args;
  if (target?.kind !== "literal" || typeof target.value !== "string" || list?.kind !== "list") return;
  const values = list.elements.map(({ value }) => value);
  let count = 0;
  try {
    formatClauses(target.value, ({ verb }, index) => {
      count = index + 1;
      const value = values[index];
      if (value === undefined) throw new FormatError(`index ${index} out of range`);
      const unfit = unfitPart(checked, value, verb);
      if (unfit !== undefined) throw new Unfit(problemOf(checked, unfit, verb), unfit.offset);
      return "";
    });
    if (values.length > count)
      issues.push({ message: `too many arguments supplied to string.format (expected ${count}, got ${values.length})`, offset });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    issues.push({ message: error.message, offset: error instanceof Unfit ? error.offset : offset });
  }
}

function problemOf(checked: Checked, node: Node, verb: string): string {
  return `error during formatting: ${clauseProblems[verb]}, was given ${checked.types.get(node)?.name}`;
}

/** The argument, or with `%s` a part of it. */
function unfitPart(checked: Checked, node: Node, verb: string): Node | undefined {
  const type = checked.types.get(node) ?? celTypes.dyn;
  if (type.kind !== "dyn" && kindsOfVerb[verb]?.includes(type.kind) !== true) return node;
  if (verb !== "s") return undefined;
  if (node.kind === "list")
    return firstUnfit(
      checked,
      node.elements.map(({ value }) => value),
    );
  return node.kind === "map"
    ? firstUnfit(
        checked,
        node.entries.flatMap(({ key, value }) => [key, value]),
      )
    : undefined;
}

function firstUnfit(checked: Checked, nodes: readonly Node[]): Node | undefined {
  for (const node of nodes) {
    const unfit = unfitPart(checked, node, "s");
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}
