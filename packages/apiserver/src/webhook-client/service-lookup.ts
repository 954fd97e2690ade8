import type { EndpointSlice, Service } from "@coracle/api";
import type { UnstructuredObject } from "@coracle/apimachinery";
import type { AdmissionEnvironment } from "../admission/admission.ts";
import type { ServiceLookup } from "../aggregator/service-resolver.ts";

const slicesResource = "endpointslices.discovery.k8s.io";

/** Services and their endpoints, out of the cache. */
export function serviceLookup(environment: Pick<AdmissionEnvironment, "get" | "indexed">): ServiceLookup {
  let slicesOf: ((value: string) => readonly Readonly<UnstructuredObject>[]) | undefined;
  return {
    service: (namespace, name) => environment.get("services", namespace, name) as Readonly<Service> | undefined,
    slices(namespace, name) {
      slicesOf ??= environment.indexed(slicesResource, "service", ({ metadata }) => {
        const service = metadata.labels?.["kubernetes.io/service-name"];
        return service === undefined ? [] : [`${metadata.namespace}/${service}`];
      });
      return slicesOf(`${namespace}/${name}`) as unknown as readonly Readonly<EndpointSlice>[];
    },
  };
}
