import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import {
  defaultIngressClass,
  defaultStorageClass,
  persistentVolumeClaimResize,
  storageObjectInUseProtection,
} from "./defaults-from-classes.ts";
import { limitRanger } from "./limit-ranger/limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction, taintNodesByCondition } from "./nodes.ts";
import { defaultTolerationSeconds, priority } from "./pod-defaults.ts";
import { createPodSecurity, type PodSecurityOptions } from "./pod-security/pod-security.ts";
import { createEscalationCheck } from "./rbac-escalation.ts";
import { createServiceAllocation, type ServiceAllocationOptions } from "./service-allocation.ts";
import { serviceAccount } from "./service-account.ts";

export interface DefaultPluginsOptions {
  readonly services?: ServiceAllocationOptions;
  readonly podSecurity?: PodSecurityOptions;
  /** See {@link createEscalationCheck}; without it nobody is kept from giving away rights. */
  readonly checkEscalation?: (attributes: AdmissionAttributes) => void | Promise<void>;
}

/** The plug-ins of a cluster, in upstream's order. */
export function defaultAdmissionPlugins(options: DefaultPluginsOptions = {}): AdmissionPlugin[] {
  return [
    namespaceLifecycle,
    limitRanger,
    serviceAccount,
    nodeRestriction,
    taintNodesByCondition,
    createPodSecurity(options.podSecurity),
    priority,
    defaultTolerationSeconds,
    persistentVolumeClaimResize,
    defaultStorageClass,
    storageObjectInUseProtection,
    defaultIngressClass,
    ...(options.checkEscalation === undefined ? [] : [createEscalationCheck(options.checkEscalation)]),
    createServiceAllocation(options.services),
  ];
}
