import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import {
  defaultIngressClass,
  defaultStorageClass,
  persistentVolumeClaimResize,
  storageObjectInUseProtection,
} from "./defaults-from-classes.ts";
import type { DynamicAdmission } from "./dynamic-admission.ts";
import { limitRanger } from "./limit-ranger/limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import type { Authorize } from "./authorize.ts";
import { createNodeRestriction } from "./node-restriction/node-restriction.ts";
import { defaultTolerationSeconds, priority } from "./pod-defaults.ts";
import { createPodSecurity, type PodSecurityOptions } from "./pod-security/pod-security.ts";
import { createEscalationCheck } from "./rbac-escalation.ts";
import { createServiceAllocation, type ServiceAllocationOptions } from "./service-allocation.ts";
import { serviceAccount } from "./service-account.ts";
import { taintNodesByCondition } from "./taint-nodes.ts";

export interface DefaultPluginsOptions {
  readonly services?: ServiceAllocationOptions;
  readonly podSecurity?: PodSecurityOptions;
  /** For plug-ins that demand a right of their own. Defaults to one that grants none. */
  readonly authorize?: Authorize;
  /** Webhooks and policies; without them those that clients write down have no effect. */
  readonly dynamic?: DynamicAdmission;
  /** See {@link createEscalationCheck}; without it nobody is kept from giving away rights. */
  readonly checkEscalation?: (attributes: AdmissionAttributes) => void | Promise<void>;
}

const allowNothing: Authorize = () => ({ type: "no-opinion", reason: "" });

/** The plug-ins of a cluster, in upstream's order. */
export function defaultAdmissionPlugins(options: DefaultPluginsOptions = {}): AdmissionPlugin[] {
  return [
    namespaceLifecycle,
    limitRanger,
    serviceAccount,
    createNodeRestriction(options.authorize ?? allowNothing),
    taintNodesByCondition,
    createPodSecurity(options.podSecurity),
    priority,
    defaultTolerationSeconds,
    persistentVolumeClaimResize,
    defaultStorageClass,
    storageObjectInUseProtection,
    defaultIngressClass,
    ...(options.dynamic?.mutating ?? []),
    ...(options.checkEscalation === undefined ? [] : [createEscalationCheck(options.checkEscalation)]),
    createServiceAllocation(options.services),
    ...(options.dynamic?.validating ?? []),
  ];
}
