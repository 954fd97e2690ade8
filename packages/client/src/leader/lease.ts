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

/** A MicroTime: RFC 3339 with six decimals. */
export function formatMicroTime(timeMs: number): string {
  const text = new Date(timeMs).toISOString();
  return `${text.slice(0, -1)}000Z`;
}
