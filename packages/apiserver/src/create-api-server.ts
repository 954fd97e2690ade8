import { builtInDefinitions } from "@coracle/api";
import type { ResourceDefinition, UnstructuredObject } from "@coracle/apimachinery";
import type { Store } from "@coracle/storage";
import type { AdmissionPlugin } from "./admission/admission.ts";
import { createCustomResourceLifecycle, customResourceDefinitionStrategy } from "./apiextensions/index.ts";
import { LateActions, serverActionNames } from "./bootstrap/late-actions.ts";
import type { OpenApiGenerator } from "./openapi/handler.ts";
import { createRegistry } from "./registry/index.ts";
import { assembleServer, type ApiServer, type ServerOptions } from "./server.ts";

export interface ApiServerOptions extends ServerOptions {
  /** Stays open when the server stops. */
  readonly store: Store;
  /** Defaults to all built-in resources. */
  readonly definitions?: readonly ResourceDefinition[];
  /** In the order in which they run. Defaults to none. */
  readonly admission?: readonly AdmissionPlugin[];
  /** Roles and bindings that every cluster has. */
  readonly bootstrapRbac: () => readonly UnstructuredObject[] | Promise<readonly UnstructuredObject[]>;
  /** Order of groups in discovery; others follow by name. */
  readonly groupOrder?: readonly string[];
  /** Loaded when a document is first asked for. */
  readonly openApi: () => Promise<OpenApiGenerator>;
}

/** An API server over a store: loads the watch cache, and is ready to start. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, clock, random, log, bootstrapRbac, openApi, groupOrder = [] } = options;
  const actions = new LateActions(serverActionNames);
  const strategies = { "customresourcedefinitions.apiextensions.k8s.io": customResourceDefinitionStrategy };
  const registry = await createRegistry({
    store,
    definitions: options.definitions ?? builtInDefinitions({ strategies }),
    admission: options.admission ?? [],
    actionHandlers: actions.handlers,
    clock,
    random,
    log,
  });
  const lifecycle = createCustomResourceLifecycle({
    registry,
    clock,
    logger: log,
    onDefinitions: (definitions) => registry.setCustomDefinitions(definitions),
  });
  return assembleServer({ registry, actions, bootstrapRbac, openApi, groupOrder, background: [stopOnly(registry), lifecycle] }, options);
}

/** The registry runs already. */
function stopOnly(work: Disposable): Disposable {
  return { [Symbol.dispose]: () => work[Symbol.dispose]() };
}
