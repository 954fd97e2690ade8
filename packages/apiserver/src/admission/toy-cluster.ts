import type { VirtualClock } from "@coracle/base";
import { builtInDefinitions } from "@coracle/api";
import type { DeleteOptions, ResourceDefinition, UnstructuredObject } from "@coracle/apimachinery";
import type { RequestContext, ResourceAddress, UserInfo } from "../registry/contract.ts";
import type { RegistryImplementation } from "../registry/registry.ts";
import { createToyServer, jsonBody, objectIn, toyContext } from "../registry/toy-server.ts";
import type { AdmissionPlugin } from "./admission.ts";

/** How a request of a test differs from the usual one. */
export interface Asked {
  readonly subresource?: string;
  readonly user?: UserInfo;
  readonly isDryRun?: boolean;
  /** The one that the URL names. Defaults to the object's own. */
  readonly name?: string;
}

/** A registry with the built-in kinds and some plug-ins, and a namespace `ns`; for the tests of admission. */
export interface ToyCluster {
  readonly registry: RegistryImplementation;
  readonly clock: VirtualClock;
  /** Sent since the last call of {@link takeWarnings}. */
  takeWarnings(): string[];
  /** Noted for the audit log so far. */
  readonly annotations: Record<string, string>;
  create(kind: string, object: object, asked?: Asked): Promise<UnstructuredObject>;
  update(kind: string, object: UnstructuredObject, asked?: Asked): Promise<UnstructuredObject>;
  /** A JSON merge patch. */
  patch(kind: string, name: string, patch: object, asked?: Asked): Promise<UnstructuredObject>;
  get(kind: string, name: string): Promise<UnstructuredObject>;
  delete(kind: string, name: string, options?: DeleteOptions, asked?: Asked): Promise<void>;
}

export async function startToyCluster(
  admission: readonly AdmissionPlugin[],
  custom: readonly ResourceDefinition[] = [],
): Promise<ToyCluster> {
  const definitions = [...builtInDefinitions(), ...custom];
  // Tokens are made elsewhere: a request for one is answered with itself.
  const actionHandlers = { "serviceaccounts/token": async (_context: unknown, _address: unknown, object: UnstructuredObject) => object };
  const { registry, clock } = await createToyServer({ definitions, admission, actionHandlers });
  const warnings: string[] = [];
  const annotations: Record<string, string> = {};
  const context = (asked: Asked): RequestContext =>
    toyContext({
      ...(asked.user !== undefined && { user: asked.user }),
      isDryRun: asked.isDryRun ?? false,
      warn: (text) => void warnings.push(text),
      annotate: (key, value) => void (annotations[key] ??= value),
    });
  const address = (kind: string, name: string, { subresource = "" }: Asked): ResourceAddress =>
    addressOf(definitions, kind, name, subresource);
  const nameOf = (object: object): string => (object as { metadata?: { name?: string } }).metadata?.name ?? "";
  const cluster: ToyCluster = {
    registry,
    clock,
    annotations,
    takeWarnings: () => warnings.splice(0),
    create: async (kind, object, asked = {}) => {
      const name = asked.name ?? (asked.subresource === undefined ? "" : nameOf(object));
      return objectIn(await registry.create(context(asked), address(kind, name, asked), jsonBody(object)));
    },
    update: async (kind, object, asked = {}) =>
      objectIn((await registry.update(context(asked), address(kind, asked.name ?? nameOf(object), asked), jsonBody(object))).view),
    patch: async (kind, name, patch, asked = {}) => {
      const body = { contentType: "application/merge-patch+json", body: jsonBody(patch), force: false };
      return objectIn((await registry.patch(context(asked), address(kind, name, asked), body)).view);
    },
    get: async (kind, name) => objectIn(await registry.get(context({}), address(kind, name, {}), {})),
    delete: async (kind, name, options = {}, asked = {}) =>
      void (await registry.delete(context(asked), address(kind, name, asked), options)),
  };
  await cluster.create("Namespace", { metadata: { name: "ns" } });
  return cluster;
}

function addressOf(definitions: readonly ResourceDefinition[], kind: string, name: string, subresource: string): ResourceAddress {
  const found = definitions.find((each) => each.kind === kind && each.versions.some(({ isServed }) => isServed));
  if (found === undefined) throw new Error(`no resource serves ${kind}`);
  const version = found.versions.find(({ isServed }) => isServed)?.version ?? "";
  const { group, resource, isNamespaced } = found;
  return { group, version, resource, namespace: isNamespaced ? "ns" : "", name, subresource };
}
