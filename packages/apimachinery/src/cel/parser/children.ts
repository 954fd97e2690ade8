import type { Node } from "./ast.ts";

/** The parts of a node, in the order in which they are written or expanded. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "select":
      return [node.operand];
    case "call":
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case "list":
      return node.elements.map(({ value }) => value);
    case "map":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return node.fields.map(({ value }) => value);
    case "comprehension":
      return [node.range, node.accuInit, node.condition, node.step, node.result];
    default:
      return [];
  }
}
