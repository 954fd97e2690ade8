import type { ResourceStrategy } from "@coracle/apimachinery";
import { deviceClasses } from "./device-class.ts";
import { resourceClaims, resourceClaimTemplates } from "./resource-claim.ts";
import { resourceSlices } from "./resource-slice.ts";

/** Devices that pods claim (KEP-4381). */
export const deviceStrategies: Readonly<Record<string, ResourceStrategy>> = {
  "deviceclasses.resource.k8s.io": deviceClasses,
  "resourceclaims.resource.k8s.io": resourceClaims,
  "resourceclaimtemplates.resource.k8s.io": resourceClaimTemplates,
  "resourceslices.resource.k8s.io": resourceSlices,
};
