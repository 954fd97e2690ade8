import type { KubeObject, ResourceType } from "@coracle/apimachinery";

/** A coordination.k8s.io/v1 Lease. */
export interface LeaseObject extends KubeObject {
  spec?: LeaseSpec;
}

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export const leaseResource: ResourceType<LeaseObject> = {
  group: "coordination.k8s.io",
  version: "v1",
  resource: "leases",
  kind: "Lease",
  isNamespaced: true,
};
