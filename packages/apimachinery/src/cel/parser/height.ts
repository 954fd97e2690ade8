import type { Node } from "./ast.ts";

/** The greatest height of these nodes. */
export function heightOf(nodes: Iterable<Node>): number {
  let height = 0;
  for (const node of nodes) if (node.height > height) height = node.height;
  return height;
}
