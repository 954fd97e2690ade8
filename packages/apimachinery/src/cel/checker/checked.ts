import type { CallNode, Node } from "../parser/ast.ts";
import type { Overload } from "../library/declaration.ts";
import type { CelType } from "../types/type.ts";

/** What a name stands for. */
export type Reference =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "local"; readonly name: string }
  | { readonly kind: "type"; readonly type: CelType };

/** A function that a call may reach; only the values decide which overload it is, if there are several. */
export interface ResolvedCall {
  readonly name: string;
  /** Absent when the target was part of the function's name: `ip.isCanonical(x)`. */
  readonly target: Node | undefined;
  readonly args: readonly Node[];
  readonly overloads: readonly Overload[];
  /** Does the work of all overloads. */
  readonly evaluate?: Overload["evaluate"];
}

/** An expression that fits its environment, with what the checker found out about its parts. */
export interface Checked {
  readonly root: Node;
  readonly resultType: CelType;
  readonly types: ReadonlyMap<Node, CelType>;
  readonly references: ReadonlyMap<Node, Reference>;
  readonly calls: ReadonlyMap<CallNode, ResolvedCall>;
  /** The declared variables that it reads. */
  readonly variables: ReadonlySet<string>;
}
