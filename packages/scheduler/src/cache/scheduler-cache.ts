import { objectKey } from "@coracle/apimachinery";
import type { Node, Pod } from "@coracle/api";
import type { NodeInfo, PodInfo, Snapshot } from "../framework/plugin.ts";
import { hasAffinity } from "../framework/has-affinity.ts";
import { hostPortsOf } from "../framework/host-ports.ts";
import { add, amounts, podRequests, type PodRequests } from "../framework/requests.ts";

interface MutableNodeInfo extends NodeInfo {
  node: Node;
  readonly pods: Map<string, PodInfo>;
  readonly requested: Map<string, number>;
  allocatable: PodRequests;
  readonly hostPorts: Set<string>;
  readonly affinePods: Map<string, PodInfo>;
}

/**
 * Nodes with the pods placed on them, kept up to date by deltas. A pod is *assumed* on its node from the decision until the API shows
 * it bound, so that the next decision counts it.
 */
export class SchedulerCache {
  readonly #nodes = new Map<string, MutableNodeInfo>();
  /** Pod key → node it is counted on. */
  readonly #placed = new Map<string, { nodeName: string; uid: string | undefined }>();
  /** Pods whose node is not known (yet). */
  readonly #waiting = new Map<string, Map<string, PodInfo>>();
  /** Nodes with affine pods, and perhaps some that have none any more. */
  readonly #affine = new Set<MutableNodeInfo>();
  #ordered: readonly NodeInfo[] | undefined;

  setNode(node: Node): void {
    const name = node.metadata.name ?? "";
    const allocatable = amounts(node.status?.allocatable ?? node.status?.capacity);
    const known = this.#nodes.get(name);
    if (known !== undefined) {
      known.node = node;
      known.allocatable = allocatable;
      return;
    }
    this.#nodes.set(name, { name, node, allocatable, pods: new Map(), requested: new Map(), hostPorts: new Set(), affinePods: new Map() });
    this.#ordered = undefined;
    for (const info of this.#waiting.get(name)?.values() ?? []) this.#place(info, name);
    this.#waiting.delete(name);
  }

  deleteNode(name: string): void {
    const known = this.#nodes.get(name);
    if (known === undefined) return;
    this.#nodes.delete(name);
    this.#ordered = undefined;
    // Its pods are still bound to the name: a node that comes back finds them counted.
    this.#waiting.set(name, new Map(known.pods));
  }

  /** Counts a pod on the node it is bound to, or assumed on. Finished pods occupy nothing. */
  setPod(pod: Pod, nodeName: string): void {
    const key = objectKey(pod);
    this.deletePod(key);
    if (isFinished(pod)) return;
    this.#placed.set(key, { nodeName, uid: pod.metadata.uid });
    this.#place(podInfo(pod), nodeName);
  }

  /** With `uid`, only when that very pod is counted. */
  deletePod(key: string, uid?: string): void {
    const placed = this.#placed.get(key);
    if (placed === undefined || (uid !== undefined && placed.uid !== uid)) return;
    this.#placed.delete(key);
    this.#waiting.get(placed.nodeName)?.delete(key);
    const node = this.#nodes.get(placed.nodeName);
    const info = node?.pods.get(key);
    if (node === undefined || info === undefined) return;
    node.pods.delete(key);
    node.affinePods.delete(key);
    add(node.requested, info.requests, -1);
    for (const port of hostPortsOf(info.pod)) node.hostPorts.delete(port);
  }

  /** Nodes in a stable order. The infos are live: use them before anything else runs. */
  snapshot(): Snapshot {
    this.#ordered ??= [...this.#nodes.values()];
    for (const node of this.#affine) if (node.affinePods.size === 0 || this.#nodes.get(node.name) !== node) this.#affine.delete(node);
    return { nodes: this.#ordered, affineNodes: [...this.#affine] };
  }

  #place(info: PodInfo, nodeName: string): void {
    const node = this.#nodes.get(nodeName);
    if (node === undefined) {
      let waiting = this.#waiting.get(nodeName);
      if (waiting === undefined) this.#waiting.set(nodeName, (waiting = new Map()));
      waiting.set(info.key, info);
      return;
    }
    node.pods.set(info.key, info);
    if (hasAffinity(info.pod)) {
      node.affinePods.set(info.key, info);
      this.#affine.add(node);
    }
    add(node.requested, info.requests);
    for (const port of hostPortsOf(info.pod)) node.hostPorts.add(port);
  }
}

export function podInfo(pod: Pod): PodInfo {
  return { key: objectKey(pod), pod, requests: podRequests(pod), priority: pod.spec?.priority ?? 0 };
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
