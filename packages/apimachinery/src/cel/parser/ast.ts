import type { CelValue } from "../values/value.ts";

/** What every node has. Nodes are compared by identity; macros share and never copy them. */
interface NodeBase {
  /** The code unit of the expression that messages about this node point at. */
  readonly offset: number;
  /** How deep operators, selections and calls are nested here. */
  readonly height: number;
}

export interface LiteralNode extends NodeBase {
  readonly kind: "literal";
  readonly value: CelValue;
}

export interface IdentNode extends NodeBase {
  readonly kind: "ident";
  readonly name: string;
}

export interface SelectNode extends NodeBase {
  readonly kind: "select";
  readonly operand: Node;
  readonly field: string;
  /** Of `has(operand.field)`. */
  readonly isTest: boolean;
}

export interface CallNode extends NodeBase {
  readonly kind: "call";
  /** Operators have names such as `_+_`. */
  readonly function: string;
  readonly target: Node | undefined;
  readonly args: readonly Node[];
}

export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly elements: readonly { readonly value: Node; readonly isOptional: boolean }[];
}

export interface MapEntry {
  readonly key: Node;
  readonly value: Node;
  readonly isOptional: boolean;
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
}

export interface StructField {
  readonly name: string;
  readonly value: Node;
  readonly isOptional: boolean;
  readonly offset: number;
}

export interface StructNode extends NodeBase {
  readonly kind: "struct";
  readonly typeName: string;
  readonly fields: readonly StructField[];
}

/** A loop over a list or map: what `all`, `map` and the other macros are made of. */
export interface ComprehensionNode extends NodeBase {
  readonly kind: "comprehension";
  readonly range: Node;
  readonly iterVar: string;
  /** Then `iterVar` is the index or key, and this the value. */
  readonly iterVar2: string | undefined;
  readonly accuVar: string;
  readonly accuInit: Node;
  readonly condition: Node;
  readonly step: Node;
  readonly result: Node;
}

export type Node = LiteralNode | IdentNode | SelectNode | CallNode | ListNode | MapNode | StructNode | ComprehensionNode;

/** A name of the form `a.b.c`, if the node can be read as one. */
export function qualifiedName(node: Node): string | undefined {
  if (node.kind === "ident") return node.name;
  if (node.kind !== "select" || node.isTest) return undefined;
  const prefix = qualifiedName(node.operand);
  return prefix === undefined ? undefined : `${prefix}.${node.field}`;
}
