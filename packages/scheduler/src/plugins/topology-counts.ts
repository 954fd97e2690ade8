import type { NodeInfo } from "../framework/plugin.ts";

/** Numbers by topology key and value: how many pods, or how much they weigh. */
export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add({ node }: NodeInfo, key: string, amount: number): void {
    const value = node.metadata.labels?.[key];
    if (value === undefined) return;
    const values = this.#counts.get(key) ?? new Map<string, number>();
    this.#counts.set(key, values.set(value, (values.get(value) ?? 0) + amount));
  }

  /** Of the value that the node has for the key; undefined when it has none. */
  of({ node }: NodeInfo, key: string): number | undefined {
    const value = node.metadata.labels?.[key];
    return value === undefined ? undefined : (this.#counts.get(key)?.get(value) ?? 0);
  }

  /** The sum over all keys. */
  total(node: NodeInfo): number {
    let sum = 0;
    for (const key of this.#counts.keys()) sum += this.of(node, key) ?? 0;
    return sum;
  }
}
