import { resources, type EndpointSlice, type Service } from "@coracle/api";
import { isNamespaceTerminating, hasReason, objectKey } from "@coracle/apimachinery";
import { cached, mapped, type ControllerContext, type ControllerFactory, type ReconcileResult } from "@coracle/operator";
import { hasBackends, podsOfService } from "../service-backends/backends.ts";
import { backendSources } from "../service-backends/sources.ts";
import { triggerTimeAnnotation, TriggerTimes } from "../service-backends/trigger-times.ts";
import { endpointsOfService } from "./endpoints-of-service.ts";
import { controllerLabelValue, managedByLabel, planSlices, serviceNameLabel, type AddressType, type SlicePlan } from "./plan-slices.ts";

export interface EndpointSliceControllerOptions {
  /** Defaults to 5. */
  readonly concurrency?: number;
  /** Defaults to 100. */
  readonly maxEndpointsPerSlice?: number;
}

const byService = "endpointslice-controller/service";
/** How long a created slice may take to show in the cache before it is taken for deleted. */
const cacheLagLimitMs = 10_000;

/**
 * Keeps the EndpointSlices of Services with a selector, as kube-controller-manager's endpointslice controller does. Differs: topology-aware
 * hints by annotation are not computed (`trafficDistribution` is).
 */
export function createEndpointSliceController(options: EndpointSliceControllerOptions = {}): ControllerFactory {
  return (context) => {
    const controller = new EndpointSliceController(options, context);
    return {
      name: "endpointslice-controller",
      concurrency: options.concurrency ?? 5,
      sources: [
        ...backendSources(context.client),
        mapped(resources.endpointSlices, serviceKeysOf, (event) => event !== "add"),
        cached(resources.nodes),
      ],
      reconcile: (key, run) => controller.reconcile(key, run),
    };
  };
}

function serviceKeysOf(slice: EndpointSlice): readonly string[] {
  const { [managedByLabel]: manager, [serviceNameLabel]: name = "" } = slice.metadata.labels ?? {};
  return manager === controllerLabelValue && name !== "" ? [`${slice.metadata.namespace}/${name}`] : [];
}

class EndpointSliceController {
  readonly #options: EndpointSliceControllerOptions;
  readonly #context: ControllerContext;
  readonly #triggerTimes = new TriggerTimes();
  /** Keys of slices that were created and did not show in the cache yet, by Service. A cache that lags would make us create them again. */
  readonly #unseen = new Map<string, Map<string, number>>();

  constructor(options: EndpointSliceControllerOptions, context: ControllerContext) {
    this.#options = options;
    this.#context = context;
    const slices = context.client.informer(resources.endpointSlices);
    slices.addIndex(byService, serviceKeysOf);
    const subscription = slices.subscribe({ onAdd: (slice) => this.#see(slice) });
    context.signal.addEventListener("abort", () => subscription[Symbol.dispose](), { once: true });
  }

  async reconcile(key: string, { client, events }: ControllerContext): Promise<ReconcileResult | void> {
    const service = client.informer(resources.services).get(key);
    if (service === undefined) {
      // The garbage collector takes the slices.
      this.#triggerTimes.forget(key);
      this.#unseen.delete(key);
      return undefined;
    }
    if (!hasBackends(service)) return undefined;
    if (this.#isCacheBehind(key)) return { requeueAfterMs: 50 };
    const pods = podsOfService(service, client.informer(resources.pods));
    const triggerTime = this.#triggerTimes.update(service, pods);
    const nodes = client.informer(resources.nodes);
    const existing = client.informer(resources.endpointSlices).byIndex(byService, key);
    const families = addressTypesOf(service);
    let hasSkipped = false;
    const plan: SlicePlan = {
      create: [],
      update: [],
      remove: existing.filter((slice) => !families.includes(slice.addressType as AddressType)),
    };
    for (const addressType of families) {
      const { groups, skippedPods } = endpointsOfService(service, pods, addressType, (name) => nodes.get(name));
      hasSkipped ||= skippedPods.length > 0;
      const ofType = existing.filter((slice) => slice.addressType === addressType);
      const part = planSlices({
        service,
        addressType,
        groups,
        existing: ofType,
        maxEndpointsPerSlice: this.#options.maxEndpointsPerSlice ?? 100,
      });
      plan.create.push(...part.create);
      plan.update.push(...part.update);
      plan.remove.push(...part.remove);
    }
    try {
      await this.#write(service, plan, triggerTime);
    } catch (error) {
      if (!hasReason(error, "Conflict")) {
        const message = `Error updating Endpoint Slices for Service ${key}: ${(error as Error).message}`;
        events.record(service, "Warning", "FailedToUpdateEndpointSlices", message);
      }
      throw error;
    }
    // A pod whose node is not known yet is left out; look again.
    return hasSkipped ? { requeueAfterMs: 1000 } : undefined;
  }

  async #write(service: Service, plan: SlicePlan, triggerTime: string | undefined): Promise<void> {
    const slices = this.#context.client.resource(resources.endpointSlices, service.metadata.namespace);
    // While a Service is deleted, slices that are made now could outlive the garbage collector's pass.
    if (service.metadata.deletionTimestamp === undefined) {
      for (const slice of plan.create) {
        try {
          this.#expect(objectKey(service), await slices.create(withTriggerTime(slice, triggerTime)));
        } catch (error) {
          if (isNamespaceTerminating(error)) return;
          throw error;
        }
      }
    }
    for (const slice of plan.update) await slices.update(withTriggerTime(slice, triggerTime));
    for (const { metadata } of plan.remove) {
      await slices.delete(metadata.name ?? "").catch((error: unknown) => {
        if (!hasReason(error, "NotFound")) throw error;
      });
    }
  }

  #expect(serviceKey: string, slice: EndpointSlice): void {
    const { client, clock } = this.#context;
    if (client.informer(resources.endpointSlices).get(objectKey(slice)) !== undefined) return;
    const unseen = this.#unseen.get(serviceKey) ?? new Map<string, number>();
    unseen.set(objectKey(slice), clock.monotonic() + cacheLagLimitMs);
    this.#unseen.set(serviceKey, unseen);
  }

  #see(slice: EndpointSlice): void {
    for (const serviceKey of serviceKeysOf(slice)) this.#unseen.get(serviceKey)?.delete(objectKey(slice));
  }

  #isCacheBehind(serviceKey: string): boolean {
    const unseen = this.#unseen.get(serviceKey);
    if (unseen === undefined) return false;
    const nowMs = this.#context.clock.monotonic();
    for (const [key, untilMs] of unseen) if (nowMs >= untilMs) unseen.delete(key);
    if (unseen.size === 0) this.#unseen.delete(serviceKey);
    return unseen.size > 0;
  }
}

/** The address families a Service is served in; for one that was never defaulted, that of its address. */
function addressTypesOf(service: Service): AddressType[] {
  const families = (service.spec?.ipFamilies ?? []).filter((family) => family === "IPv4" || family === "IPv6");
  if (families.length > 0) return families as AddressType[];
  return (service.spec?.clusterIP ?? "").includes(":") ? ["IPv6"] : ["IPv4"];
}

function withTriggerTime(slice: EndpointSlice, time: string | undefined): EndpointSlice {
  const { [triggerTimeAnnotation]: old, ...others } = slice.metadata.annotations ?? {};
  if (old === undefined && time === undefined) return slice;
  const annotations = time === undefined ? others : { ...others, [triggerTimeAnnotation]: time };
  return { ...slice, metadata: { ...slice.metadata, annotations } };
}
