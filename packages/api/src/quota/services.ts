import { quantityFromInteger, type UnstructuredObject } from "@coracle/apimachinery";
import type { ServiceSpec } from "../generated/types.ts";
import { intersection, objectCountName, type QuotaEvaluator } from "./evaluator.ts";

const countName = objectCountName("services");
const names = new Set([countName, "services", "services.nodeports", "services.loadbalancers"]);

/** Services use themselves, and as their type needs node ports and load balancers. */
export const serviceEvaluator: QuotaEvaluator = {
  resource: "services",
  matching: (asked) => intersection(asked, names),
  // The type can change.
  handles: ({ operation, subresource }) => subresource === "" && (operation === "CREATE" || operation === "UPDATE"),
  matchesScope: () => false,
  usage(object) {
    const spec = specOf(object);
    const counts = { [countName]: 1, services: 1, "services.nodeports": nodePorts(spec), "services.loadbalancers": loadBalancers(spec) };
    return new Map(Object.entries(counts).map(([name, count]) => [name, quantityFromInteger(count)]));
  },
  isReplenishing: (old, object) => externalType(specOf(old)) !== externalType(specOf(object)),
};

function specOf(object: Readonly<UnstructuredObject>): ServiceSpec {
  return (object["spec"] ?? {}) as ServiceSpec;
}

function externalType({ type }: ServiceSpec): string {
  return type === "NodePort" || type === "LoadBalancer" ? type : "";
}

/** Ports are allocated later: the intent counts. */
function nodePorts(spec: ServiceSpec): number {
  const ports = spec.ports ?? [];
  if (externalType(spec) === "") return 0;
  const isOnlyExplicit = spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts === false;
  return isOnlyExplicit ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
}

function loadBalancers({ type }: ServiceSpec): number {
  return type === "LoadBalancer" ? 1 : 0;
}
