import type { Clock } from "@coracle/base";
import { deepEqual, hasReason, type KubeObject, type UnstructuredObject } from "@coracle/apimachinery";
import { createInternalContext } from "../authentication/internal-context.ts";
import type { Registry, ResourceAddress } from "../registry/contract.ts";

export interface BootstrapOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  /** Roles and bindings that every cluster has. */
  readonly rbac: readonly UnstructuredObject[];
  /** Of the `kubernetes` Service: the first address of the service range, and where the server is reached. */
  readonly service: { readonly clusterIP: string; readonly advertiseAddress: string; readonly port: number };
}

const namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];
const autoupdate = "rbac.authorization.kubernetes.io/autoupdate";

/**
 * Makes what every cluster starts with: namespaces, the RBAC policy, priority classes, and the Service by which pods reach the API. All at
 * once, so that the writes share a commit; what is there already costs one read.
 */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { rbac, service } = options;
  await Promise.all([
    ...namespaces.map((name) => ensure(options, "namespaces", namespaceObject(name))),
    ...rbac.map((object) => ensure(options, `${object.kind.toLowerCase()}s`, object)),
    ...priorityClasses().map((object) => ensure(options, "priorityclasses", object)),
    ensure(options, "services", serviceObject(service)),
    ensure(options, "endpoints", endpointsObject(service)),
    ensure(options, "endpointslices", endpointSliceObject(service)),
  ]);
}

/** Creates the object, or brings what we own in it up to date. */
async function ensure({ registry }: BootstrapOptions, resource: string, object: UnstructuredObject): Promise<void> {
  const address = addressOf(resource, object);
  const context = createInternalContext();
  const present = await find(registry, address);
  try {
    if (present === undefined) {
      await registry.create(context, { ...address, name: "" }, { type: "object", object });
      return;
    }
    const wanted = reconcile(present, object);
    if (wanted !== undefined) await registry.update(context, address, { type: "object", object: wanted });
  } catch (error) {
    // Another server of the cluster was faster.
    if (!hasReason(error, "AlreadyExists", "Conflict")) throw error;
  }
}

async function find(registry: Registry, address: ResourceAddress): Promise<Readonly<UnstructuredObject> | undefined> {
  try {
    return (await registry.get(createInternalContext(), address, {})).object;
  } catch (error) {
    if (hasReason(error, "NotFound")) return undefined;
    throw error;
  }
}

/** The present object with what is missing from it; undefined when nothing is. Only what may change over versions is looked at. */
function reconcile(present: Readonly<UnstructuredObject>, wanted: UnstructuredObject): UnstructuredObject | undefined {
  switch (wanted.kind) {
    case "ClusterRole":
    case "Role":
    case "ClusterRoleBinding":
    case "RoleBinding":
      return reconcileRbac(present, wanted);
    case "Endpoints":
      return deepEqual(present["subsets"], wanted["subsets"]) ? undefined : { ...present, subsets: wanted["subsets"] };
    case "EndpointSlice": {
      const { endpoints, ports } = wanted;
      const isSame = deepEqual(present["endpoints"], endpoints) && deepEqual(present["ports"], ports);
      return isSame ? undefined : { ...present, endpoints, ports };
    }
    default:
      return undefined;
  }
}

/** Adds rules and subjects that are missing, and keeps what an administrator added, unless automatic updates are turned off. */
function reconcileRbac(present: Readonly<UnstructuredObject>, wanted: UnstructuredObject): UnstructuredObject | undefined {
  if (present.metadata.annotations?.[autoupdate] !== "true") return undefined;
  const isAggregated = wanted["aggregationRule"] !== undefined;
  const field = wanted["roleRef"] === undefined ? "rules" : "subjects";
  const has = (present[field] ?? []) as unknown[];
  const missing = isAggregated ? [] : ((wanted[field] ?? []) as unknown[]).filter((item) => !has.some((other) => deepEqual(item, other)));
  if (missing.length === 0) return undefined;
  return { ...present, [field]: [...has, ...missing] };
}

function addressOf(resource: string, object: KubeObject): ResourceAddress {
  const slash = object.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : object.apiVersion.slice(0, slash);
  const { namespace = "", name = "" } = object.metadata;
  return { group, version: object.apiVersion.slice(slash + 1), resource, namespace, name, subresource: "" };
}

function namespaceObject(name: string): UnstructuredObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

function priorityClasses(): UnstructuredObject[] {
  const make = (name: string, value: number, description: string): UnstructuredObject => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    description,
  });
  return [
    make(
      "system-cluster-critical",
      2_000_000_000,
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    make("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
  ];
}

const serviceMeta = { name: "kubernetes", namespace: "default" };

function serviceObject({ clusterIP, port }: BootstrapOptions["service"]): UnstructuredObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...serviceMeta, labels: { component: "apiserver", provider: "kubernetes" } },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: [familyOf(clusterIP)],
      ipFamilyPolicy: "SingleStack",
      sessionAffinity: "None",
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: port }],
    },
  };
}

function endpointsObject({ advertiseAddress, port }: BootstrapOptions["service"]): UnstructuredObject {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { ...serviceMeta, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: advertiseAddress }], ports: [{ name: "https", port, protocol: "TCP" }] }],
  };
}

function endpointSliceObject({ advertiseAddress, port }: BootstrapOptions["service"]): UnstructuredObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...serviceMeta, labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: familyOf(advertiseAddress),
    endpoints: [{ addresses: [advertiseAddress], conditions: { ready: true } }],
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
}

function familyOf(address: string): "IPv4" | "IPv6" {
  return address.includes(":") ? "IPv6" : "IPv4";
}
