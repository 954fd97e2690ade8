import type { KubeObject, OwnerReference, ResourceType } from "@coracle/apimachinery";

/** An object as the collector knows it: who owns it, and whom it owns. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: ResourceType;
  readonly namespace: string | undefined;
  readonly name: string;
  owners: readonly OwnerReference[];
  readonly dependents: Set<GraphNode>;
  /** Waits in the foreground for its dependents to go. */
  isDeletingDependents: boolean;
  isBeingDeleted: boolean;
  /** Its dependents are to be let go before it. */
  isOrphaningDependents: boolean;
}

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

/** Who owns whom, kept up to date from the caches. Owners that were never seen are looked up before anything is collected. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  /** Dependents of owners that are not in the graph, by the owner's uid. */
  readonly #absent = new Map<string, Set<GraphNode>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** Adds an object or takes over its change. Returns the nodes that need a look. */
  set(resource: ResourceType, object: KubeObject): GraphNode[] {
    const { uid = "", namespace, name = "", ownerReferences = [], finalizers = [], deletionTimestamp } = object.metadata;
    let node = this.#nodes.get(uid);
    const isNew = node === undefined;
    if (node === undefined) {
      node = {
        uid,
        resource,
        namespace,
        name,
        owners: [],
        dependents: this.#absent.get(uid) ?? new Set(),
        isDeletingDependents: false,
        isBeingDeleted: false,
        isOrphaningDependents: false,
      };
      this.#absent.delete(uid);
      this.#nodes.set(uid, node);
    }
    const hadOwners = node.owners;
    this.#link(node, ownerReferences);
    node.isBeingDeleted = deletionTimestamp !== undefined;
    node.isDeletingDependents = node.isBeingDeleted && finalizers.includes(foregroundFinalizer);
    node.isOrphaningDependents = node.isBeingDeleted && finalizers.includes(orphanFinalizer);
    const affected: GraphNode[] = [];
    if (node.owners.length > 0 && (isNew || hadOwners !== node.owners)) affected.push(node);
    if (node.isDeletingDependents || node.isOrphaningDependents) affected.push(node, ...node.dependents);
    // A dependent that no longer blocks lets its owner go on.
    if (!isNew) affected.push(...this.#waitingOwners([...hadOwners, ...node.owners]));
    return affected;
  }

  /** Takes a gone object out. Returns the nodes that need a look: its dependents, and owners that waited for it. */
  delete(uid: string): GraphNode[] {
    const node = this.#nodes.get(uid);
    if (node === undefined) return [];
    this.#nodes.delete(uid);
    for (const owner of node.owners) this.#dependentsOf(owner.uid).delete(node);
    if (node.dependents.size > 0) this.#absent.set(uid, node.dependents);
    return [...node.dependents, ...this.#waitingOwners(node.owners)];
  }

  #link(node: GraphNode, owners: readonly OwnerReference[]): void {
    const isSame =
      owners.length === node.owners.length &&
      owners.every(
        (owner, index) => owner.uid === node.owners[index]?.uid && owner.blockOwnerDeletion === node.owners[index]?.blockOwnerDeletion,
      );
    if (isSame) return;
    for (const owner of node.owners) {
      const dependents = this.#dependentsOf(owner.uid);
      dependents.delete(node);
      if (dependents.size === 0) this.#absent.delete(owner.uid);
    }
    node.owners = owners;
    for (const owner of owners) {
      const known = this.#nodes.get(owner.uid);
      if (known !== undefined) known.dependents.add(node);
      else this.#absent.set(owner.uid, this.#dependentsOf(owner.uid).add(node));
    }
  }

  #dependentsOf(uid: string): Set<GraphNode> {
    return this.#nodes.get(uid)?.dependents ?? this.#absent.get(uid) ?? new Set();
  }

  #waitingOwners(owners: readonly OwnerReference[]): GraphNode[] {
    return owners.map((owner) => this.#nodes.get(owner.uid)).filter((owner) => owner?.isDeletingDependents === true) as GraphNode[];
  }
}

/** Whether the object blocks the foreground deletion of `owner`. */
export function blocks(dependent: GraphNode, owner: GraphNode): boolean {
  return dependent.owners.some((reference) => reference.uid === owner.uid && reference.blockOwnerDeletion === true);
}

/** Whether a reference can lead to the object at all: right kind, and right namespace. */
export function refersTo(reference: OwnerReference, dependent: GraphNode, owner: GraphNode): boolean {
  const isKind =
    reference.kind === owner.resource.kind && groupOf(reference.apiVersion) === owner.resource.group && reference.name === owner.name;
  return isKind && (!owner.resource.isNamespaced || owner.namespace === dependent.namespace);
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}
