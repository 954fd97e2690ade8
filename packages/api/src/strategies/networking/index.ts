import type { ResourceStrategy } from "@coracle/apimachinery";
import { endpointSlices } from "./endpoint-slice.ts";
import { ingresses } from "./ingress.ts";
import { ingressClasses } from "./ingress-class.ts";
import { ipAddresses } from "./ip-address.ts";
import { networkPolicies } from "./network-policy.ts";
import { serviceCidrs } from "./service-cidr.ts";

export const networkingStrategies: Readonly<Record<string, ResourceStrategy>> = {
  "endpointslices.discovery.k8s.io": endpointSlices,
  "ingressclasses.networking.k8s.io": ingressClasses,
  "ingresses.networking.k8s.io": ingresses,
  "ipaddresses.networking.k8s.io": ipAddresses,
  "networkpolicies.networking.k8s.io": networkPolicies,
  "servicecidrs.networking.k8s.io": serviceCidrs,
};
