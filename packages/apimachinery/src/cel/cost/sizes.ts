import type { ComprehensionNode, Node } from "../parser/ast.ts";
import { isOptionalType } from "../types/relate.ts";
import type { CelType } from "../types/type.ts";
import { CelDouble, CelUint, type CelValue } from "../values/value.ts";
import { CelDuration, CelTimestamp } from "../values/times.ts";
import { sizeOfText } from "../values/text.ts";
import { sizeAtPath, type Part, type Path } from "./part.ts";
import { exactly, largest, union, unknownRange, type Range } from "./range.ts";

/** The sizes of a collection's keys (or positions) and values. */
export interface Entries {
  readonly kind: "list" | "map";
  readonly key: Range;
  readonly value: Range;
}

/** A variable of a loop. */
interface Local {
  readonly name: string;
  readonly path: Path;
  readonly size: Range | undefined;
  readonly entries: Entries | undefined;
}

const scalars = new Set<CelType["kind"]>(["bool", "double", "duration", "int", "timestamp", "uint"]);

/** What is known of the sizes of an expression's parts while its cost is estimated. */
export class Sizes {
  readonly #typeOf: (node: Node) => CelType;
  readonly #root: CelType | undefined;
  readonly #paths = new Map<Node, Path>();
  readonly #computed = new Map<Node, Range>();
  readonly #entries = new Map<Node, Entries>();
  readonly #locals: Local[] = [];

  constructor(typeOf: (node: Node) => CelType, root: CelType | undefined) {
    this.#typeOf = typeOf;
    this.#root = root;
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast((local) => local.name === name);
  }

  #localOf(node: Node): Local | undefined {
    return node.kind === "ident" ? this.#local(node.name) : undefined;
  }

  /** The node is the name of a variable. */
  refer(node: Node, name: string): void {
    this.#paths.set(node, this.#local(name)?.path ?? [name]);
  }

  place(node: Node, path: Path): void {
    this.#paths.set(node, path);
  }

  pathOf(node: Node): Path {
    return this.#localOf(node)?.path ?? this.#paths.get(node) ?? [];
  }

  set(node: Node, size: Range): void {
    this.#computed.set(node, size);
  }

  setEntries(node: Node, entries: Entries | undefined): void {
    if (entries !== undefined) this.#entries.set(node, entries);
  }

  copy(to: Node, from: Node): void {
    const size = this.sizeOf(from);
    if (size !== undefined) this.set(to, size);
    this.setEntries(to, this.entriesOf(from));
  }

  entriesOf(node: Node): Entries | undefined {
    return this.#entries.get(node) ?? this.#localOf(node)?.entries;
  }

  /** First what the expression says, then what the schema says, then what the type says. */
  sizeOf(node: Node): Range | undefined {
    const known = this.#computed.get(node) ?? writtenSize(node);
    if (known !== undefined) return known;
    const declared = sizeAtPath(this.#root, this.pathOf(node));
    if (declared !== undefined) {
      this.#computed.set(node, declared);
      return declared;
    }
    return isScalar(this.#typeOf(node)) ? exactly(1) : this.#localOf(node)?.size;
  }

  sizeOrUnknown(node: Node): Range {
    return this.sizeOf(node) ?? unknownRange;
  }

  partOf(node: Node): Part {
    return { path: this.pathOf(node), type: this.#typeOf(node), node, size: this.sizeOf(node) };
  }

  /** An item of a list; undefined for what has no items. */
  itemOf({ path, type }: Part): Part | undefined {
    const [of] = type.parameters;
    if (of === undefined) return undefined;
    const itemPath = path.length === 0 ? [] : [...path, "@items"];
    return { path: itemPath, type: of, size: sizeAtPath(this.#root, itemPath) };
  }

  /** A range that holds the sizes of all. */
  spanOf(nodes: readonly Node[]): Range {
    if (nodes.length === 0) return exactly(0);
    return nodes.map((node) => this.sizeOrUnknown(node)).reduce(union, { min: largest, max: 0n });
  }

  /** The result is like one of the nodes. */
  eitherOf(result: Node, [left, right]: readonly Node[]): Range {
    if (left === undefined || right === undefined) return unknownRange;
    const [one, other] = [this.entriesOf(left), this.entriesOf(right)];
    if (one !== undefined && other !== undefined)
      this.#entries.set(result, { kind: one.kind, key: union(one.key, other.key), value: union(one.value, other.value) });
    return union(this.sizeOrUnknown(left), this.sizeOrUnknown(right));
  }

  /** The size of a call's result, after one more of its overloads: `found` is what that overload makes. */
  resultOf(
    node: Node & { readonly kind: "call" },
    overload: string,
    { size, found }: { readonly size: Range | undefined; readonly found: Range | undefined },
  ): Range | undefined {
    let result = size === undefined || found === undefined ? (size ?? found) : union(size, found);
    const [collection] = node.args;
    if (collection !== undefined && (overload === "index_list" || overload === "index_map")) {
      result = this.entriesOf(collection)?.value;
      this.place(node, [...this.pathOf(collection), overload === "index_list" ? "@items" : "@values"]);
    }
    return result ?? this.sizeOf(node);
  }

  /** Gives a value a name. */
  bind(name: string, value: Node): void {
    this.#locals.push({ name, path: this.pathOf(value), size: this.sizeOf(value), entries: this.entriesOf(value) });
  }

  /** Declares the variables of a loop, and tells how many they are. */
  enterLoop({ range, iterVar, iterVar2 }: ComprehensionNode): number {
    const entries = this.entriesOf(range);
    const path = this.pathOf(range);
    const isList = (entries?.kind ?? this.#typeOf(range).kind) === "list";
    const value = { path: [...path, isList ? "@items" : "@values"], size: entries?.value, entries: undefined };
    const key = { path: [...path, isList ? "@indices" : "@keys"], size: entries?.key, entries: undefined };
    if (iterVar2 === undefined) this.#locals.push({ name: iterVar, ...(isList ? value : key) });
    else this.#locals.push({ name: iterVar, ...key }, { name: iterVar2, ...value });
    return iterVar2 === undefined ? 1 : 2;
  }

  /** Forgets the last so many names. */
  leave(count: number): void {
    this.#locals.length -= count;
  }
}

function writtenSize(node: Node): Range | undefined {
  switch (node.kind) {
    case "literal":
      return literalSize(node.value);
    case "list":
      return exactly(node.elements.length);
    case "map":
      return exactly(node.entries.length);
    default:
      return undefined;
  }
}

function literalSize(value: CelValue): Range | undefined {
  if (typeof value === "string") return exactly(sizeOfText(value));
  if (value instanceof Uint8Array) return exactly(value.length);
  const isOther = typeof value === "object" && value !== null;
  if (!isOther || value instanceof CelDouble || value instanceof CelUint) return exactly(1);
  return value instanceof CelDuration || value instanceof CelTimestamp ? exactly(1) : undefined;
}

function isScalar(type: CelType): boolean {
  return scalars.has(type.kind) || (isOptionalType(type) && type.parameters[0] !== undefined && isScalar(type.parameters[0]));
}
