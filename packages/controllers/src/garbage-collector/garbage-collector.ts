import { hasReason, type KubeObject, type OwnerReference, type ResourceType } from "@coracle/apimachinery";
import type { ControllerContext, ControllerDefinition, KeyQueue } from "@coracle/operator";
import { blocks, foregroundFinalizer, groupOf, orphanFinalizer, OwnerGraph, refersTo, type GraphNode } from "./graph.ts";

export interface GarbageCollectorOptions {
  /** Every resource that can be listed, watched and deleted, as discovery names it now. */
  resources(): readonly ResourceType[] | Promise<readonly ResourceType[]>;
  /** Calls the listener when that set may have changed. */
  onResourcesChanged?(listener: () => void): Disposable;
}

/** How often discovery is asked again; upstream's interval. */
const rediscoverMs = 30_000;

/**
 * Deletes what nobody owns any more: objects all of whose owners are gone; dependents of an owner deleted in the foreground, before it; and
 * lets the dependents go of an owner that is deleted as `Orphan`.
 */
export function createGarbageCollector(options: GarbageCollectorOptions): (context: ControllerContext) => ControllerDefinition {
  return (context) => {
    const collector = new GarbageCollector(options, context);
    return {
      name: "garbage-collector-controller",
      sources: [],
      concurrency: 20,
      start: (queue) => collector.start(queue),
      reconcile: (uid) => collector.reconcile(uid),
    };
  };
}

class GarbageCollector {
  readonly #options: GarbageCollectorOptions;
  readonly #context: ControllerContext;
  readonly #graph = new OwnerGraph();
  readonly #watched = new Map<string, Disposable>();
  #resources: readonly ResourceType[] = [];
  /** Owners that the API does not know, by uid. */
  readonly #absentOwners = new Set<string>();
  #queue: KeyQueue | undefined;

  constructor(options: GarbageCollectorOptions, context: ControllerContext) {
    this.#options = options;
    this.#context = context;
  }

  async start(queue: KeyQueue): Promise<void> {
    this.#queue = queue;
    const { clock, signal, log } = this.#context;
    await this.#discover();
    const onChange = (): void =>
      void this.#discover().catch((error: unknown) => log.warn("cannot discover the resources to collect", { error }));
    const subscription = this.#options.onResourcesChanged?.(onChange);
    let timer: Disposable | undefined;
    const again = (): void => {
      timer = clock.setTimeout(() => {
        onChange();
        again();
      }, rediscoverMs);
    };
    again();
    signal.addEventListener(
      "abort",
      () => {
        timer?.[Symbol.dispose]();
        subscription?.[Symbol.dispose]();
        for (const watch of this.#watched.values()) watch[Symbol.dispose]();
      },
      { once: true },
    );
  }

  /** Follows every resource there is, and forgets those that are gone. */
  async #discover(): Promise<void> {
    const { client, signal } = this.#context;
    const found = await this.#options.resources();
    if (signal.aborted) return;
    this.#resources = found;
    const names = new Set(found.map(keyOf));
    for (const [name, watch] of this.#watched) {
      if (names.has(name)) continue;
      watch[Symbol.dispose]();
      this.#watched.delete(name);
    }
    for (const resource of found) {
      if (this.#watched.has(keyOf(resource))) continue;
      const onChange = (object: KubeObject): void => this.#look(this.#graph.set(resource, object));
      const subscription = client.informer<KubeObject>(resource as ResourceType<KubeObject>).subscribe({
        onAdd: onChange,
        onUpdate: onChange,
        onDelete: (object) => this.#look(this.#graph.delete(object.metadata.uid ?? "")),
      });
      this.#watched.set(keyOf(resource), subscription);
    }
  }

  #look(nodes: readonly GraphNode[]): void {
    for (const node of nodes) this.#queue?.add(node.uid);
  }

  async reconcile(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (node === undefined) return;
    if (node.isOrphaningDependents) return this.#orphanDependents(node);
    if (node.isDeletingDependents) return this.#finishForeground(node);
    if (node.isBeingDeleted || node.owners.length === 0) return;
    await this.#collect(node);
  }

  /** Deletes the object when no owner holds it any more. */
  async #collect(node: GraphNode): Promise<void> {
    const solid: OwnerReference[] = [];
    const dangling: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const reference of node.owners) {
      const state = await this.#ownerState(reference, node);
      (state === "present" ? solid : state === "absent" ? dangling : waiting).push(reference);
    }
    if (solid.length > 0) {
      const gone = new Set([...dangling, ...waiting].map((reference) => reference.uid));
      if (gone.size > 0) await this.#removeOwners(node, gone);
      return;
    }
    // An owner waits for this one in the foreground: what hangs below must go first too.
    const isForeground = waiting.length > 0 && node.dependents.size > 0;
    await this.#delete(node, isForeground ? "Foreground" : undefined);
  }

  async #ownerState(reference: OwnerReference, node: GraphNode): Promise<"present" | "absent" | "waiting"> {
    const owner = this.#graph.get(reference.uid);
    if (owner !== undefined) {
      if (!refersTo(reference, node, owner)) {
        this.#reportBadReference(reference, node);
        return "absent";
      }
      return owner.isDeletingDependents ? "waiting" : "present";
    }
    if (this.#absentOwners.has(reference.uid)) return "absent";
    const isPresent = await this.#isAlive(reference, node);
    if (isPresent) return "present";
    // A uid never comes back; the bound keeps the memory of it small.
    if (this.#absentOwners.size >= 5000) this.#absentOwners.clear();
    this.#absentOwners.add(reference.uid);
    return "absent";
  }

  /** Asks the API, since the cache may be behind. An owner of a kind that is not served cannot be judged. */
  async #isAlive(reference: OwnerReference, node: GraphNode): Promise<boolean> {
    const group = groupOf(reference.apiVersion);
    const resource = this.#resources.find((entry) => entry.group === group && entry.kind === reference.kind);
    if (resource === undefined)
      throw new Error(`owner ${reference.kind} ${reference.name} of ${node.resource.kind} ${node.name} is of a kind that is not served`);
    if (resource.isNamespaced && node.namespace === undefined) {
      this.#reportBadReference(reference, node);
      return false;
    }
    try {
      const owner = await this.#context.client.resource(resource, resource.isNamespaced ? node.namespace : undefined).get(reference.name);
      return owner.metadata.uid === reference.uid;
    } catch (error) {
      if (hasReason(error, "NotFound")) return false;
      throw error;
    }
  }

  #reportBadReference(reference: OwnerReference, node: GraphNode): void {
    const object: KubeObject = {
      apiVersion: node.resource.group === "" ? node.resource.version : `${node.resource.group}/${node.resource.version}`,
      kind: node.resource.kind,
      metadata: { name: node.name, uid: node.uid, ...(node.namespace === undefined ? {} : { namespace: node.namespace }) },
    };
    const message = `ownerRef [${reference.apiVersion}/${reference.kind}, namespace: ${node.namespace ?? ""}, name: ${reference.name}, uid: ${reference.uid}] does not exist in namespace "${node.namespace ?? ""}"`;
    this.#context.events.record(object, "Warning", "OwnerRefInvalidNamespace", message);
  }

  async #delete(node: GraphNode, propagation: "Foreground" | undefined): Promise<void> {
    const { client, log } = this.#context;
    try {
      // As the live object asks, when its deletion has begun otherwise; the uid keeps a successor of the same name alive.
      const propagationPolicy = propagation ?? "Background";
      await client.resource(node.resource, node.namespace).delete(node.name, { preconditions: { uid: node.uid }, propagationPolicy });
      log.debug("collected", { kind: node.resource.kind, namespace: node.namespace, name: node.name });
    } catch (error) {
      if (!hasReason(error, "NotFound", "Conflict")) throw error;
    }
  }

  async #removeOwners(node: GraphNode, gone: ReadonlySet<string>): Promise<void> {
    await this.#patchMetadata(node, (metadata) => ({
      ownerReferences: (metadata.ownerReferences ?? []).filter((reference) => !gone.has(reference.uid)),
    }));
  }

  async #orphanDependents(node: GraphNode): Promise<void> {
    await Promise.all([...node.dependents].map((dependent) => this.#removeOwners(dependent, new Set([node.uid]))));
    await this.#removeFinalizer(node, orphanFinalizer);
  }

  /** Lets a foreground-deleted object go once nothing blocks it. */
  async #finishForeground(node: GraphNode): Promise<void> {
    const blocking = [...node.dependents].filter((dependent) => blocks(dependent, node));
    for (const dependent of node.dependents) if (!dependent.isBeingDeleted) this.#queue?.add(dependent.uid);
    if (blocking.length === 0 || isCycle(node, blocking)) await this.#removeFinalizer(node, foregroundFinalizer);
  }

  async #removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    await this.#patchMetadata(node, (metadata) => ({ finalizers: (metadata.finalizers ?? []).filter((entry) => entry !== finalizer) }));
  }

  /** Changes metadata of the live object; another try when somebody else was faster. */
  async #patchMetadata(node: GraphNode, change: (metadata: KubeObject["metadata"]) => object): Promise<void> {
    const api = this.#context.client.resource(node.resource, node.namespace);
    try {
      const live = await api.get(node.name);
      if (live.metadata.uid !== node.uid) return;
      const { uid, resourceVersion } = live.metadata;
      await api.patch(
        node.name,
        { metadata: { uid, resourceVersion, ...change(live.metadata) } },
        { type: "application/merge-patch+json" },
      );
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }
}

/** Objects that own one another would wait for ever: when all that blocks waits in the foreground for this one, it goes first. */
function isCycle(node: GraphNode, blocking: readonly GraphNode[]): boolean {
  const seen = new Set<GraphNode>();
  const leadsBack = (current: GraphNode): boolean => {
    if (current === node) return true;
    if (seen.has(current)) return false;
    seen.add(current);
    return [...current.dependents].some((dependent) => blocks(dependent, current) && leadsBack(dependent));
  };
  return blocking.every((dependent) => dependent.isDeletingDependents && leadsBack(dependent));
}

function keyOf(resource: ResourceType): string {
  return `${resource.group}/${resource.resource}`;
}
