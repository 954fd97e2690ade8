import {
  calculateUsage,
  equalResources,
  maskResources,
  readResources,
  resources,
  writeResources,
  type QuotaEvaluator,
  type ResourceQuota,
} from "@coracle/api";
import { objectKey, type ResourceType } from "@coracle/apimachinery";
import { watchFor, type ControllerContext, type ControllerFactory, type KeyQueue } from "@coracle/operator";
import { Monitors } from "./monitors.ts";

export interface ResourceQuotaControllerOptions {
  /** Every resource that can be created, listed, watched and deleted, as discovery names it now. */
  resources(): readonly ResourceType[] | Promise<readonly ResourceType[]>;
  /** Calls the listener when that set may have changed. */
  onResourcesChanged?(listener: () => void): Disposable;
  /** Time between full counts of every quota. Defaults to five minutes, as upstream. */
  readonly resyncMs?: number;
}

/**
 * Says in the status of each ResourceQuota what it limits and what is used of that: when the quota is new or limits something else, when
 * something that it counts went, and every five minutes. What is created, admission counts at once (kube-controller-manager's
 * resourcequota controller).
 */
export function createResourceQuotaController(options: ResourceQuotaControllerOptions): ControllerFactory {
  return (context) => {
    const controller = new ResourceQuotaController(options, context);
    return {
      name: "resourcequota-controller",
      concurrency: 5,
      sources: [
        watchFor(
          resources.resourceQuotas,
          (event, quota, old) => event === "add" || (event === "update" && isLimitingOtherwise(quota, old)),
        ),
      ],
      start: (queue) => controller.start(queue),
      reconcile: (key) => controller.reconcile(key),
    };
  };
}

function isLimitingOtherwise(quota: ResourceQuota, old: ResourceQuota | undefined): boolean {
  return !equalResources(readResources(quota.spec?.hard), readResources(old?.spec?.hard));
}

class ResourceQuotaController {
  readonly #options: ResourceQuotaControllerOptions;
  readonly #context: ControllerContext;
  readonly #monitors: Monitors;
  #queue: KeyQueue | undefined;

  constructor(options: ResourceQuotaControllerOptions, context: ControllerContext) {
    this.#options = options;
    this.#context = context;
    const { client, signal, clock } = context;
    this.#monitors = new Monitors({
      client,
      signal,
      nowMs: () => clock.now(),
      onReplenished: (evaluator, namespace) => this.#recountNamespace(evaluator, namespace),
    });
  }

  async start(queue: KeyQueue): Promise<void> {
    this.#queue = queue;
    const { clock, signal, log } = this.#context;
    await this.#discover();
    const onChange = (): void =>
      void this.#discover().catch((error: unknown) => log.warn("cannot discover the resources to count", { error }));
    const subscription = this.#options.onResourcesChanged?.(onChange);
    let timer: Disposable | undefined;
    const again = (): void => {
      timer = clock.setTimeout(() => {
        this.#recountAll();
        again();
      }, this.#options.resyncMs ?? 300_000);
    };
    again();
    const stop = (): void => {
      timer?.[Symbol.dispose]();
      subscription?.[Symbol.dispose]();
      this.#monitors[Symbol.dispose]();
    };
    signal.addEventListener("abort", stop, { once: true });
  }

  async #discover(): Promise<void> {
    const found = await this.#options.resources();
    if (this.#context.signal.aborted) return;
    this.#monitors.setResources(found);
    // A quota may count objects of a kind that is new.
    this.#recountAll();
  }

  #recountAll(): void {
    for (const quota of this.#context.client.informer(resources.resourceQuotas).list()) this.#queue?.add(objectKey(quota));
  }

  #recountNamespace(evaluator: QuotaEvaluator, namespace: string): void {
    for (const quota of this.#context.client.informer(resources.resourceQuotas).list(namespace)) {
      if (evaluator.matching(Object.keys(quota.status?.hard ?? {})).length > 0) this.#queue?.add(objectKey(quota));
    }
  }

  async reconcile(key: string): Promise<void> {
    const { client, clock } = this.#context;
    const evaluators = await this.#evaluatorsOf(key);
    // Read again: only now can everything be counted.
    const quota = client.informer(resources.resourceQuotas).get(key);
    if (evaluators === undefined || quota?.spec === undefined) return;
    const { namespace = "" } = quota.metadata;
    const list = (resource: string): ReturnType<Monitors["list"]> => this.#monitors.list(resource, namespace);
    const counted = calculateUsage(quota, { evaluators, list, nowMs: clock.now() });
    const hard = readResources(quota.spec.hard);
    const before = readResources(quota.status?.used);
    // What nobody can count stays as it was said to be.
    const used = maskResources(new Map([...before, ...counted]), hard.keys());
    const isSaid =
      quota.status?.used !== undefined && equalResources(readResources(quota.status.hard), hard) && equalResources(before, used);
    if (isSaid) return;
    const status = { hard: writeResources(hard), used: writeResources(used) };
    await client.resource(resources.resourceQuotas, namespace).updateStatus({ ...quota, status });
  }

  async #evaluatorsOf(key: string): Promise<readonly QuotaEvaluator[] | undefined> {
    const quota = this.#context.client.informer(resources.resourceQuotas).get(key);
    return quota === undefined ? undefined : this.#monitors.follow(quota);
  }
}
