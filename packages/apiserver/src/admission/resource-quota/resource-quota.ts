import { newConflict, newForbidden } from "@coracle/apimachinery";
import { quotaEvaluator, writeResources, type QuotaEvaluator, type QuotaWrite, type ResourceQuota } from "@coracle/api";
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from "../admission.ts";
import { checkWrite, isChanged, startQuota, type RunningQuota } from "./check.ts";
import { NamespaceQueue } from "./namespace-queue.ts";

const resource = "resourcequotas";
/** How often quotas that somebody else changed are looked at again, as upstream. */
const attempts = 4;

/** A request that waits for its quotas. */
interface Waiter {
  readonly attributes: AdmissionAttributes;
  readonly evaluator: QuotaEvaluator;
  readonly write: QuotaWrite;
  readonly settle: (refusal?: Error) => void;
}

/** Refuses what would use more than the namespace's ResourceQuotas allow, and notes in their status what is used from now on. */
export function createResourceQuota(): AdmissionPlugin {
  let checks: QuotaChecks | undefined;
  return {
    name: "ResourceQuota",
    handles(attributes, environment) {
      if (attributes.namespace === "" || !attributes.definition.isNamespaced) return false;
      const write = writeOf(attributes);
      if (write === undefined || evaluatorOf(attributes)?.handles(write) !== true) return false;
      return environment.list(resource, attributes.namespace).length > 0;
    },
    validate(attributes, environment) {
      checks ??= new QuotaChecks(environment);
      return checks.check(attributes);
    },
  };
}

function evaluatorOf({ definition }: AdmissionAttributes): QuotaEvaluator | undefined {
  return quotaEvaluator(definition.group === "" ? definition.resource : `${definition.resource}.${definition.group}`);
}

function writeOf({ operation, subresource, object, old }: AdmissionAttributes): QuotaWrite | undefined {
  if (object === undefined || (operation !== "CREATE" && operation !== "UPDATE")) return undefined;
  return { operation, subresource, object, old };
}

class QuotaChecks {
  readonly #environment: AdmissionEnvironment;
  readonly #queue: NamespaceQueue<Waiter>;

  constructor(environment: AdmissionEnvironment) {
    this.#environment = environment;
    this.#queue = new NamespaceQueue((namespace, batch) => this.#checkBatch(namespace, batch));
  }

  /** @throws {StatusError} 403 when it does not fit. */
  check(attributes: AdmissionAttributes): Promise<void> {
    const [evaluator, write] = [evaluatorOf(attributes), writeOf(attributes)];
    if (evaluator === undefined || write === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (refusal?: Error): void => (refusal === undefined ? resolve() : reject(refusal));
      this.#queue.add(attributes.namespace, { attributes, evaluator, write, settle });
    });
  }

  async #checkBatch(namespace: string, batch: readonly Waiter[]): Promise<void> {
    try {
      await this.#decide(namespace, batch);
    } catch (error) {
      for (const { settle } of batch) settle(error as Error);
    }
  }

  /** Lets those wait on whom the new state of some quota could not be stored yet; only these quotas are left to decide about. */
  async #decide(namespace: string, batch: readonly Waiter[]): Promise<void> {
    let waiting = batch;
    let undecided: ReadonlySet<string> | undefined;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const quotas = await this.#quotasOf(namespace, undecided, attempt);
      const { next, pending } = this.#checkAll(quotas, waiting);
      undecided = await this.#store(next);
      waiting = pending;
      if (undecided.size === 0) {
        for (const { settle } of waiting) settle();
        return;
      }
    }
    const [name = ""] = undecided ?? [];
    for (const { settle } of waiting) settle(newConflict({ group: "", resource }, name));
  }

  async #quotasOf(namespace: string, names: ReadonlySet<string> | undefined, attempt: number): Promise<RunningQuota[]> {
    // Another server may have written: the cache has to catch up.
    if (attempt > 0) await this.#environment.getFresh(resource, namespace, "");
    const quotas = this.#environment.list(resource, namespace) as unknown as readonly Readonly<ResourceQuota>[];
    return quotas.filter(({ metadata }) => names === undefined || names.has(metadata.name ?? "")).map(startQuota);
  }

  /** Settles who does not fit or uses nothing, one after the other; the rest is pending until the quotas are stored. */
  #checkAll(quotas: readonly RunningQuota[], waiting: readonly Waiter[]): { next: readonly RunningQuota[]; pending: Waiter[] } {
    const nowMs = this.#environment.clock.now();
    let next = quotas;
    const pending: Waiter[] = [];
    for (const waiter of waiting) {
      const { definition, name, context } = waiter.attributes;
      const decision = checkWrite(next, waiter.evaluator, waiter.write, nowMs);
      if (decision.type === "refused") waiter.settle(newForbidden(definition, name, decision.cause));
      else if (context.isDryRun) waiter.settle();
      else {
        next = decision.quotas;
        pending.push(waiter);
      }
    }
    return { next, pending };
  }

  /** Names of the quotas that somebody else changed meanwhile. */
  async #store(quotas: readonly RunningQuota[]): Promise<ReadonlySet<string>> {
    const lost = new Set<string>();
    for (const running of quotas) {
      if (!isChanged(running)) continue;
      const { metadata, status } = running.quota;
      const next = { ...status, used: writeResources(running.used) };
      const isStored = await this.#environment.setStatus(resource, running.quota, next);
      if (!isStored) lost.add(metadata.name ?? "");
    }
    return lost;
  }
}
