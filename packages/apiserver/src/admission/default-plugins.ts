import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import { alwaysPullImages } from "./always-pull-images.ts";
import { alwaysAdmit, alwaysDeny } from "./always.ts";
import type { Authorize } from "./authorize.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import {
  defaultIngressClass,
  defaultStorageClass,
  persistentVolumeClaimResize,
  storageObjectInUseProtection,
} from "./defaults-from-classes.ts";
import { denyServiceExternalIps } from "./deny-external-ips.ts";
import type { DynamicAdmission } from "./dynamic-admission.ts";
import { extendedResourceToleration } from "./extended-resource-toleration.ts";
import { limitRanger } from "./limit-ranger/limit-ranger.ts";
import { createNamespaceAutoProvision, namespaceExists } from "./namespace-existence.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeDeclaredFeatureValidator } from "./node-declared-features.ts";
import { createNodeRestriction } from "./node-restriction/node-restriction.ts";
import { createOwnerReferencesEnforcement } from "./owner-references.ts";
import { selectPlugins, type PluginSelection, type SelectablePlugin } from "./plugin-selection.ts";
import { limitPodHardAntiAffinityTopology } from "./pod-anti-affinity.ts";
import { podNodeSelector } from "./pod-node-selector.ts";
import { podResizeValidator } from "./pod-resize.ts";
import { podTolerationRestriction } from "./pod-toleration-restriction.ts";
import { createPodSecurity, type PodSecurityOptions } from "./pod-security/pod-security.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { priority } from "./priority.ts";
import { createEscalationCheck } from "./rbac-escalation.ts";
import { createResourceQuota } from "./resource-quota/resource-quota.ts";
import { runtimeClass } from "./runtime-class.ts";
import { createServiceAllocation, type ServiceAllocationOptions } from "./service-allocation.ts";
import { serviceAccount } from "./service-account/service-account.ts";
import {
  certificateSubjectRestriction,
  createCertificateApproval,
  createCertificateSigning,
  createClusterTrustBundleAttest,
} from "./signers.ts";
import { taintNodesByCondition } from "./taint-nodes.ts";

export interface DefaultPluginsOptions {
  /** Defaults to upstream's choice, and NodeRestriction. */
  readonly selection?: PluginSelection;
  readonly services?: ServiceAllocationOptions;
  readonly podSecurity?: PodSecurityOptions;
  /** For plug-ins that demand a right of their own. Defaults to one that grants none. */
  readonly authorize?: Authorize;
  /** Webhooks and policies; without them those that clients write down have no effect. */
  readonly dynamic?: DynamicAdmission;
  /** For NamespaceAutoProvision. Defaults to one that fails. */
  readonly provisionNamespace?: (name: string) => Promise<void>;
  /** See {@link createEscalationCheck}; without it nobody is kept from giving away rights. */
  readonly checkEscalation?: (attributes: AdmissionAttributes) => void | Promise<void>;
}

const allowNothing: Authorize = () => ({ type: "no-opinion", reason: "" });
const provisionNothing = (): Promise<never> => Promise.reject(new Error("nobody makes namespaces here"));

/** The plug-ins of a cluster, in upstream's order. @throws {PluginSelectionError} when the selection names what there is not. */
export function defaultAdmissionPlugins(options: DefaultPluginsOptions = {}): AdmissionPlugin[] {
  const validating = new Set(options.dynamic?.validating);
  const chosen = selectPlugins(selectablePlugins(options), options.selection ?? {});
  // What upstream does in its storage layer cannot be turned off; checks from outside come after it, as they do there.
  const end = chosen.findIndex((plugin) => validating.has(plugin) || plugin.name === "ResourceQuota" || plugin === alwaysDeny);
  const own = [
    ...(options.checkEscalation === undefined ? [] : [createEscalationCheck(options.checkEscalation)]),
    createServiceAllocation(options.services),
    ...(options.dynamic?.ownChecks ?? []),
  ];
  return chosen.toSpliced(end < 0 ? chosen.length : end, 0, ...own);
}

function selectablePlugins(options: DefaultPluginsOptions): SelectablePlugin[] {
  const { authorize = allowNothing, provisionNamespace = provisionNothing, dynamic } = options;
  const on = (plugin: AdmissionPlugin): SelectablePlugin => ({ plugin, isOnByDefault: true });
  const off = (plugin: AdmissionPlugin): SelectablePlugin => ({ plugin, isOnByDefault: false });
  return [
    off(alwaysAdmit),
    off(createNamespaceAutoProvision(provisionNamespace)),
    on(namespaceLifecycle),
    off(namespaceExists),
    off(limitPodHardAntiAffinityTopology),
    on(limitRanger),
    on(serviceAccount),
    on(createNodeRestriction(authorize)),
    on(taintNodesByCondition),
    off(alwaysPullImages),
    on(createPodSecurity(options.podSecurity)),
    off(podNodeSelector),
    on(priority),
    on(defaultTolerationSeconds),
    off(podTolerationRestriction),
    off(extendedResourceToleration),
    on(defaultStorageClass),
    on(storageObjectInUseProtection),
    off(createOwnerReferencesEnforcement(authorize)),
    on(persistentVolumeClaimResize),
    on(runtimeClass),
    on(createCertificateApproval(authorize)),
    on(createCertificateSigning(authorize)),
    on(createClusterTrustBundleAttest(authorize)),
    on(certificateSubjectRestriction),
    on(defaultIngressClass),
    off(denyServiceExternalIps),
    on(podTopologyLabels),
    on(nodeDeclaredFeatureValidator),
    on(podResizeValidator),
    ...(dynamic?.mutating ?? []).map(on),
    ...(dynamic?.validating ?? []).map(on),
    on(createResourceQuota()),
    off(alwaysDeny),
  ];
}
