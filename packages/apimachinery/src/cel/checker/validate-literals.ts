import type { CallNode, ListNode, MapNode, Node } from "../parser/ast.ts";
import { childrenOf } from "../parser/children.ts";
import type { LocatedIssue } from "../parser/source.ts";
import { compileRegex } from "../regex.ts";
import { formatType, isExactType, unwrapOptional } from "../types/relate.ts";
import type { CelType } from "../types/type.ts";
import { CelFailure, type CelValue, type Evaluated } from "../values/value.ts";
import { timeFromText, timestampFromSeconds } from "../library/convert-times.ts";
import type { Checked } from "./checked.ts";
import { validateFormat } from "./validate-format.ts";

/** Finds literals that can never be right: times, durations and patterns that do not parse, lists and maps of mixed types. */
export function validateLiterals(checked: Checked, issues: LocatedIssue[]): void {
  visit(checked, { issues, isExempt: false }, checked.root);
}

interface Visit {
  readonly issues: LocatedIssue[];
  /** Arguments of `format` may be of any types. */
  readonly isExempt: boolean;
}

function visit(checked: Checked, state: Visit, node: Node): void {
  if (node.kind === "call") {
    validateCall(node, state.issues);
    if (node.function === "format") validateFormat(checked, node, state.issues);
  }
  if (node.kind === "list" && !state.isExempt) validateList(checked, node, state.issues);
  if (node.kind === "map" && !state.isExempt) validateMap(checked, node, state.issues);
  const isExempt = state.isExempt || (node.kind === "call" && node.function === "format");
  for (const child of childrenOf(node)) visit(checked, { issues: state.issues, isExempt }, child);
}

function validateCall(node: CallNode, issues: LocatedIssue[]): void {
  const [argument] = node.args;
  if (argument?.kind !== "literal") return;
  const name = node.function;
  if (isUseless(name, argument.value)) issues.push({ message: `invalid ${name} argument`, offset: argument.offset });
}

/** Whether a constant cannot be what the function wants. */
function isUseless(name: string, value: CelValue): boolean {
  if (name === "matches") return typeof value === "string" && compileRegex(value) instanceof CelFailure;
  return (name === "duration" || name === "timestamp") && timeOf(name, value) instanceof CelFailure;
}

const noTime = new CelFailure("no time");

function timeOf(name: "duration" | "timestamp", value: CelValue): Evaluated {
  if (typeof value === "string") return timeFromText(name, value);
  const isSeconds = name === "timestamp" && (typeof value === "number" || typeof value === "bigint");
  return isSeconds ? timestampFromSeconds(value) : noTime;
}

function validateList(checked: Checked, node: ListNode, issues: LocatedIssue[]): void {
  let expected: CelType | undefined;
  for (const { value, isOptional } of node.elements) {
    const type = typeOfPart(checked, value, isOptional);
    expected ??= type;
    if (isExactType(expected, type)) continue;
    issues.push(mismatch(value, expected, type));
    return;
  }
}

function validateMap(checked: Checked, node: MapNode, issues: LocatedIssue[]): void {
  const [first] = node.entries;
  if (first === undefined) return;
  const keyType = typeOfPart(checked, first.key, false);
  const valueType = typeOfPart(checked, first.value, first.isOptional);
  for (const { key, value, isOptional } of node.entries) {
    const [foundKey, foundValue] = [typeOfPart(checked, key, false), typeOfPart(checked, value, isOptional)];
    if (!isExactType(keyType, foundKey)) issues.push(mismatch(key, keyType, foundKey));
    if (!isExactType(valueType, foundValue)) issues.push(mismatch(value, valueType, foundValue));
  }
}

function typeOfPart(checked: Checked, node: Node, isOptional: boolean): CelType {
  const type = checked.types.get(node) as CelType;
  return isOptional ? unwrapOptional(type) : type;
}

function mismatch(node: Node, expected: CelType, actual: CelType): LocatedIssue {
  return { message: `expected type '${formatType(expected)}' but found '${formatType(actual)}'`, offset: node.offset };
}
