import { quotaEvaluator, type QuotaEvaluator, type ResourceQuota } from "@coracle/api";
import type { KubeObject, ResourceType, UnstructuredObject } from "@coracle/apimachinery";
import type { Client, Informer } from "@coracle/client";

export interface MonitorsOptions {
  readonly client: Client;
  readonly signal: AbortSignal;
  nowMs(): number;
  /** Something in the namespace that the evaluator counts went, or counts otherwise now. */
  onReplenished(evaluator: QuotaEvaluator, namespace: string): void;
}

interface Monitor {
  readonly evaluator: QuotaEvaluator;
  readonly informer: Informer<UnstructuredObject>;
  readonly subscription: Disposable;
}

/** Follows the resources that some quota counts, and no others. */
export class Monitors implements Disposable {
  readonly #options: MonitorsOptions;
  readonly #active = new Map<string, Monitor>();
  #resources: readonly ResourceType[] = [];

  constructor(options: MonitorsOptions) {
    this.#options = options;
  }

  /** The resources that there are now; those gone are not followed any more. */
  setResources(resources: readonly ResourceType[]): void {
    this.#resources = resources.filter(({ isNamespaced }) => isNamespaced);
    const names = new Set(this.#resources.map(nameOf));
    for (const [name, { subscription }] of this.#active) {
      if (names.has(name)) continue;
      subscription[Symbol.dispose]();
      this.#active.delete(name);
    }
  }

  /** Resolves when all that the quota limits can be counted. */
  async follow(quota: Readonly<ResourceQuota>): Promise<readonly QuotaEvaluator[]> {
    const limited = Object.keys(quota.spec?.hard ?? {});
    const monitors = this.#resources.flatMap((resource) => {
      const evaluator = quotaEvaluator(nameOf(resource));
      return evaluator === undefined || evaluator.matching(limited).length === 0 ? [] : [this.#monitor(resource, evaluator)];
    });
    await Promise.all(monitors.map(({ informer }) => informer.waitForSync(this.#options.signal)));
    return monitors.map(({ evaluator }) => evaluator);
  }

  /** The objects of a followed resource in a namespace. */
  list(resource: string, namespace: string): readonly UnstructuredObject[] {
    return this.#active.get(resource)?.informer.list(namespace) ?? [];
  }

  #monitor(resource: ResourceType, evaluator: QuotaEvaluator): Monitor {
    const name = nameOf(resource);
    const known = this.#active.get(name);
    if (known !== undefined) return known;
    const { client, nowMs, onReplenished } = this.#options;
    const informer = client.informer<UnstructuredObject>(resource as ResourceType<UnstructuredObject>);
    const tell = ({ metadata }: KubeObject): void => onReplenished(evaluator, metadata.namespace ?? "");
    const subscription = informer.subscribe({
      onDelete: tell,
      onUpdate: (object, old) => {
        if (evaluator.isReplenishing?.(old, object, nowMs()) === true) tell(object);
      },
    });
    const monitor = { evaluator, informer, subscription };
    this.#active.set(name, monitor);
    return monitor;
  }

  [Symbol.dispose](): void {
    for (const { subscription } of this.#active.values()) subscription[Symbol.dispose]();
    this.#active.clear();
  }
}

function nameOf({ group, resource }: ResourceType): string {
  return group === "" ? resource : `${resource}.${group}`;
}
