import { builtInDefinitions, certificateSigningRequestStrategy, schemaOf, type RuntimeConfig } from "@coracle/api";
import { assert } from "@coracle/base";
import type { ResourceDefinition, UnstructuredObject } from "@coracle/apimachinery";
import type { Store } from "@coracle/storage";
import { Aggregator, apiServiceStrategy, localService } from "./aggregator/index.ts";
import {
  createDynamicAdmission,
  defaultAdmissionPlugins,
  type DefaultPluginsOptions,
  type PluginSelection,
  type PodSecurityOptions,
  PolicyStatus,
} from "./admission/index.ts";
import { createInternalContext } from "./authentication/internal-context.ts";
import type { Authorizer } from "./authorization/attributes.ts";
import { checkWrittenRights } from "./authorization/escalation-admission.ts";
import { certificateChecks } from "./certificates/certificate-checks.ts";
import { createCustomResourceLifecycle, customResourceDefinitionStrategy, webhookConverter } from "./apiextensions/index.ts";
import { LateActions, serverActionNames } from "./bootstrap/late-actions.ts";
import { componentStatusDefinition, componentStatusSource } from "./health/component-statuses.ts";
import type { HealthCheck } from "./health/health.ts";
import type { OpenApiGenerator } from "./openapi/handler.ts";
import { metricsDefinitions, metricsGroup, metricsReaderRole, metricsVersion, ResourceMetrics } from "./resource-metrics/index.ts";
import { createRegistry } from "./registry/index.ts";
import type { Registry } from "./registry/contract.ts";
import type { RegistryImplementation } from "./registry/registry.ts";
import { assembleServer, type ApiServer, type ServerOptions, type ServerParts } from "./server.ts";
import { LazyWebhookClient } from "./webhook-client/index.ts";

export interface ApiServerOptions extends ServerOptions {
  /** Stays open when the server stops. */
  readonly store: Store;
  /** Defaults to all built-in resources. */
  readonly definitions?: readonly ResourceDefinition[];
  /** Which versions of the built-in resources to serve. Defaults to all but alpha ones, those that upstream has retired included. */
  readonly runtimeConfig?: RuntimeConfig;
  /** Of services; both ends are given out. Defaults to 30000–32767. */
  readonly nodePortRange?: { readonly first: number; readonly last: number };
  /** Which admission plug-ins run beside, or in spite of, the ones that do by default. */
  readonly admissionPlugins?: PluginSelection;
  readonly podSecurity?: PodSecurityOptions;
  /** How long the history of changes is kept at least, in milliseconds. Defaults to five minutes. */
  readonly compactionPeriodMs?: number;
  /** Roles and bindings that every cluster has. */
  readonly bootstrapRbac: () => readonly UnstructuredObject[] | Promise<readonly UnstructuredObject[]>;
  /** Loaded when a document is first asked for. */
  readonly openApi: () => Promise<OpenApiGenerator>;
}

const strategies = {
  "apiservices.apiregistration.k8s.io": apiServiceStrategy,
  "certificatesigningrequests.certificates.k8s.io": certificateSigningRequestStrategy(certificateChecks),
  "customresourcedefinitions.apiextensions.k8s.io": customResourceDefinitionStrategy,
};

/** An API server over a store: loads the watch cache, and is ready to start. @throws {RuntimeConfigError} */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, clock, random, log, bootstrapRbac, openApi } = options;
  let server: ApiServer | undefined = undefined;
  const actions = new LateActions(serverActionNames);
  const serving = (): ApiServer => {
    // Nobody writes before the server is put together.
    assert(server !== undefined, "a write came before the server");
    return server;
  };
  const authorizer: Authorizer = { authorize: (attributes) => serving().authorization.authorizer.authorize(attributes) };
  const ownAddress = (): { host: string; port: number } => ({ host: "127.0.0.1", port: server?.port ?? 0 });
  const webhooks = new LazyWebhookClient({ lookup: () => registry.environment, ownAddress, clock, random });
  const metrics = new ResourceMetrics({ clock, log });
  const registry = await createRegistry({
    store,
    definitions: [
      ...(options.definitions ?? builtInDefinitions({ strategies, runtimeConfig: options.runtimeConfig ?? {} })),
      ...metricsDefinitions(),
      componentStatusDefinition(),
    ],
    computed: {
      ...metrics.sources,
      componentstatuses: componentStatusSource(() => ({ ...options.components, "etcd-0": () => checkStore(store) })),
    },
    admission: defaultAdmissionPlugins({
      ...configuredAdmission(options),
      authorize: (attributes) => authorizer.authorize(attributes),
      dynamic: createDynamicAdmission({ webhooks, authorizer }),
      provisionNamespace: (name) => createNamespace(registry, name),
      checkEscalation: (attributes) => checkWrittenRights(serving().authorization.escalation, attributes),
    }),
    actionHandlers: actions.handlers,
    compactionPeriodMs: options.compactionPeriodMs,
    clock,
    random,
    log,
  });
  const lifecycle = createCustomResourceLifecycle({
    registry,
    clock,
    logger: log,
    definitions: { objectMeta: schemaOf("meta/v1.ObjectMeta"), converterOf: (crd) => webhookConverter(crd, { webhooks, random }) },
    onDefinitions: (definitions) => registry.setCustomDefinitions(definitions),
  });
  const aggregator = new Aggregator({
    registry,
    clock,
    random,
    log,
    ownAddress,
    replaceable: [localService(metricsGroup, metricsVersion, metricsPriority)],
    ...(options.frontProxy !== undefined && { certificate: options.frontProxy.certificate }),
  });
  metrics.bind(registry, options.kubeletClient);
  server = assembleServer(
    {
      registry,
      actions,
      aggregator,
      bootstrapRbac: async () => [...(await bootstrapRbac()), metricsReaderRole],
      ...observed(store, registry),
      openApi,
      background: [stopOnly(registry), stopOnly(webhooks), stopOnly(metrics), lifecycle, new PolicyStatus(registry.environment, registry)],
    },
    options,
  );
  return server;
}

async function createNamespace(registry: Registry, name: string): Promise<void> {
  const address = { group: "", version: "v1", resource: "namespaces", namespace: "", name: "", subresource: "" };
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  await registry.create(createInternalContext(), address, { type: "object", object });
}

type ConfiguredAdmission = Pick<DefaultPluginsOptions, "services" | "selection" | "podSecurity">;

function configuredAdmission({ serviceCidr, nodePortRange, admissionPlugins, podSecurity }: ApiServerOptions): ConfiguredAdmission {
  return {
    services: { serviceCidr, ...(nodePortRange !== undefined && { nodePorts: nodePortRange }) },
    ...(admissionPlugins !== undefined && { selection: admissionPlugins }),
    ...(podSecurity !== undefined && { podSecurity }),
  };
}

/** metrics-server's. */
const metricsPriority = { group: 100, version: 100 };

function observed(store: Store, registry: RegistryImplementation): Pick<ServerParts, "checks" | "objectCounts"> {
  const check = (): Promise<void> => checkStore(store);
  const checks: HealthCheck[] = [
    { name: "etcd", check },
    { name: "etcd-readiness", isReadinessOnly: true, check },
    {
      name: "informer-sync",
      isReadinessOnly: true,
      async check() {
        await registry.cacher.waitUntilCurrent();
      },
    },
  ];
  return { checks, objectCounts: () => registry.objectCounts() };
}

async function checkStore(store: Store): Promise<void> {
  await store.currentRevision();
}

/** It runs already. */
function stopOnly(work: Disposable): Disposable {
  return { [Symbol.dispose]: () => work[Symbol.dispose]() };
}
