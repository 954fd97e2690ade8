import { silentLogger, systemClock, systemRandom, type Clock, type Logger, type Random } from "@coracle/base";
import type { ResourceDefinition } from "@coracle/apimachinery";
import type { Store } from "@coracle/storage";
import type { AdmissionPlugin } from "../admission/admission.ts";
import { Cacher } from "../cacher/index.ts";
import type { ActionHandlers } from "./actions.ts";
import type { ComputedSources } from "./computed.ts";
import { isStored, RegistryImplementation } from "./registry.ts";

export interface RegistryOptions {
  readonly store: Store;
  /** The built-in resources. Where two share a storage path, the first says in which version objects are stored. */
  readonly definitions: readonly ResourceDefinition[];
  /** In the order in which they run. Defaults to none. */
  readonly admission?: readonly AdmissionPlugin[];
  /** By `resource.group` or `resource.group/subresource`: `tokenreviews.authentication.k8s.io`, `serviceaccounts/token`. */
  readonly actionHandlers?: ActionHandlers;
  /** Objects that are worked out when somebody asks. Their definitions have no storage path. */
  readonly computed?: ComputedSources;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** Deep-freezes what enters the cache, so that tests find whoever changes shared objects. Defaults to false. */
  readonly shouldFreeze?: boolean;
  /** Seconds after which an event goes. Defaults to an hour. */
  readonly eventTtlSeconds?: number;
  /** How long the history of changes is kept at least, in milliseconds. Defaults to five minutes. */
  readonly compactionPeriodMs?: number | undefined;
}

/** Loads the store into the watch cache and starts serving. Dispose the result to stop; the store stays open. */
export async function createRegistry(options: RegistryOptions): Promise<RegistryImplementation> {
  const { store, definitions, clock = systemClock, random = systemRandom, log = silentLogger } = options;
  const cacher = await Cacher.start(
    { store, clock, log, shouldFreeze: options.shouldFreeze ?? false },
    definitions.filter((definition) => isStored(definition)),
  );
  const registry = new RegistryImplementation({
    store,
    cacher,
    clock,
    random,
    log,
    definitions,
    admission: options.admission ?? [],
    actionHandlers: options.actionHandlers ?? {},
    computed: options.computed ?? {},
    eventTtlSeconds: options.eventTtlSeconds ?? 3600,
    compactionPeriodMs: options.compactionPeriodMs,
  });
  await registry.start();
  return registry;
}
