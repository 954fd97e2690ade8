/** Where a group-version stands among others; more comes first. `spec.groupPriorityMinimum` and `spec.versionPriority` of APIServices. */
export interface Priority {
  readonly group: number;
  readonly version: number;
}

/**
 * Of the built-in groups and their versions, as kube-apiserver 1.36 and, for versions that it no longer serves, its predecessors have
 * them. Clients resolve short names that several groups have in this order.
 */
const builtIn: Readonly<Record<string, { readonly group: number; readonly versions: Readonly<Record<string, number>> }>> = {
  "": { group: 18_000, versions: { v1: 1 } },
  apps: { group: 17_800, versions: { v1: 15, v1beta2: 9, v1beta1: 1 } },
  "events.k8s.io": { group: 17_750, versions: { v1: 15, v1beta1: 5 } },
  "authentication.k8s.io": { group: 17_700, versions: { v1: 15, v1beta1: 9, v1alpha1: 1 } },
  "authorization.k8s.io": { group: 17_600, versions: { v1: 15, v1beta1: 9 } },
  autoscaling: { group: 17_500, versions: { v2: 30, v1: 15, v2beta1: 9, v2beta2: 1 } },
  batch: { group: 17_400, versions: { v1: 15, v1beta1: 9, v2alpha1: 9 } },
  "certificates.k8s.io": { group: 17_300, versions: { v1: 15, v1beta1: 9, v1alpha1: 1 } },
  "networking.k8s.io": { group: 17_200, versions: { v1: 15, v1beta1: 9, v1alpha1: 1 } },
  policy: { group: 17_100, versions: { v1: 15, v1beta1: 9 } },
  "rbac.authorization.k8s.io": { group: 17_000, versions: { v1: 15, v1beta1: 12, v1alpha1: 9 } },
  "storage.k8s.io": { group: 16_800, versions: { v1: 15, v1beta1: 9, v1alpha1: 1 } },
  "apiextensions.k8s.io": { group: 16_700, versions: { v1: 15, v1beta1: 9 } },
  "admissionregistration.k8s.io": { group: 16_700, versions: { v1: 15, v1beta1: 12, v1alpha1: 9 } },
  "scheduling.k8s.io": { group: 16_600, versions: { v1: 15, v1beta1: 12, v1alpha1: 9, v1alpha2: 2 } },
  "coordination.k8s.io": { group: 16_500, versions: { v1: 15, v1beta1: 13, v1alpha2: 12 } },
  "node.k8s.io": { group: 16_300, versions: { v1: 15, v1beta1: 9, v1alpha1: 1 } },
  "discovery.k8s.io": { group: 16_200, versions: { v1: 15, v1beta1: 12 } },
  "resource.k8s.io": { group: 16_200, versions: { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 } },
  "flowcontrol.apiserver.k8s.io": { group: 16_100, versions: { v1: 21, v1beta3: 18, v1beta2: 15, v1beta1: 12, v1alpha1: 9 } },
  "internal.apiserver.k8s.io": { group: 16_000, versions: { v1alpha1: 9 } },
  "storagemigration.k8s.io": { group: 15_800, versions: { v1beta1: 9, v1alpha1: 1 } },
  // Once it came second. What it shares with other groups (deployments, ingresses) is meant there now.
  extensions: { group: 14_000, versions: { v1beta1: 1 } },
};

/** The group of APIServices has none itself: what decides about all the others comes first. */
export const apiRegistrationGroup = "apiregistration.k8s.io";
const registrationPriority = 20_000;

/** Of custom resources: behind everything built in. Versions have one priority, so that their names decide. */
export const customPriority: Priority = { group: 1000, version: 100 };

/** Of a built-in group-version. Those that upstream never had stand in front of custom resources. */
export function builtInPriority(group: string, version: string): Priority {
  if (group === apiRegistrationGroup) return { group: registrationPriority, version: stabilityPriority(version) };
  const known = builtIn[group];
  return { group: known?.group ?? 15_000, version: known?.versions[version] ?? stabilityPriority(version) };
}

function stabilityPriority(version: string): number {
  return version.includes("alpha") ? 1 : version.includes("beta") ? 9 : 15;
}
