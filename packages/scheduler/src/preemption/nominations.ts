import type { PodInfo } from "../framework/plugin.ts";

/** Pods that made room on a node and wait for it: nobody of less importance may take the room meanwhile. */
export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  set(pod: PodInfo, node: string): void {
    this.delete(pod.key);
    this.#nodeOf.set(pod.key, node);
    const pods = this.#byNode.get(node) ?? new Map<string, PodInfo>();
    this.#byNode.set(node, pods.set(pod.key, pod));
  }

  delete(key: string): void {
    const node = this.#nodeOf.get(key);
    if (node === undefined) return;
    this.#nodeOf.delete(key);
    const pods = this.#byNode.get(node);
    pods?.delete(key);
    if (pods?.size === 0) this.#byNode.delete(node);
  }

  nodeOf(key: string): string | undefined {
    return this.#nodeOf.get(key);
  }

  /** The pods that `pod` has to leave room for on a node: those of its own priority or a higher one. */
  rivals(node: string, pod: PodInfo): readonly PodInfo[] {
    const pods = this.#byNode.get(node);
    if (pods === undefined) return [];
    return [...pods.values()].filter((other) => other.key !== pod.key && other.priority >= pod.priority);
  }

  /** The pods whose nomination `pod` overrides: those of a lower priority. */
  lesser(node: string, pod: PodInfo): readonly PodInfo[] {
    return [...(this.#byNode.get(node)?.values() ?? [])].filter((other) => other.key !== pod.key && other.priority < pod.priority);
  }
}
