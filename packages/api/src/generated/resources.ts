// Generated from packages/api/data by `npm run update`; do not edit.
import type { ResourceType } from "@coracle/apimachinery";
import type { MutatingAdmissionPolicy as admissionregistrationV1MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding as admissionregistrationV1MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration as admissionregistrationV1MutatingWebhookConfiguration, ValidatingAdmissionPolicy as admissionregistrationV1ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding as admissionregistrationV1ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration as admissionregistrationV1ValidatingWebhookConfiguration } from "./admissionregistration-v1.ts";
import type { CustomResourceDefinition as apiextensionsV1CustomResourceDefinition } from "./apiextensions-v1.ts";
import type { APIService as apiregistrationV1APIService } from "./apiregistration-v1.ts";
import type { ControllerRevision as appsV1ControllerRevision, DaemonSet as appsV1DaemonSet, Deployment as appsV1Deployment, ReplicaSet as appsV1ReplicaSet, StatefulSet as appsV1StatefulSet } from "./apps-v1.ts";
import type { SelfSubjectReview as authenticationV1SelfSubjectReview, TokenReview as authenticationV1TokenReview } from "./authentication-v1.ts";
import type { LocalSubjectAccessReview as authorizationV1LocalSubjectAccessReview, SelfSubjectAccessReview as authorizationV1SelfSubjectAccessReview, SelfSubjectRulesReview as authorizationV1SelfSubjectRulesReview, SubjectAccessReview as authorizationV1SubjectAccessReview } from "./authorization-v1.ts";
import type { HorizontalPodAutoscaler as autoscalingV2HorizontalPodAutoscaler } from "./autoscaling-v2.ts";
import type { CronJob as batchV1CronJob, Job as batchV1Job } from "./batch-v1.ts";
import type { CertificateSigningRequest as certificatesV1CertificateSigningRequest } from "./certificates-v1.ts";
import type { Lease as coordinationV1Lease } from "./coordination-v1.ts";
import type { Binding as coreV1Binding, ComponentStatus as coreV1ComponentStatus, ConfigMap as coreV1ConfigMap, Endpoints as coreV1Endpoints, Event as coreV1Event, LimitRange as coreV1LimitRange, Namespace as coreV1Namespace, Node as coreV1Node, PersistentVolume as coreV1PersistentVolume, PersistentVolumeClaim as coreV1PersistentVolumeClaim, Pod as coreV1Pod, PodTemplate as coreV1PodTemplate, ReplicationController as coreV1ReplicationController, ResourceQuota as coreV1ResourceQuota, Secret as coreV1Secret, Service as coreV1Service, ServiceAccount as coreV1ServiceAccount } from "./core-v1.ts";
import type { EndpointSlice as discoveryV1EndpointSlice } from "./discovery-v1.ts";
import type { Event as eventsV1Event } from "./events-v1.ts";
import type { FlowSchema as flowcontrolV1FlowSchema, PriorityLevelConfiguration as flowcontrolV1PriorityLevelConfiguration } from "./flowcontrol-v1.ts";
import type { IPAddress as networkingV1IPAddress, Ingress as networkingV1Ingress, IngressClass as networkingV1IngressClass, NetworkPolicy as networkingV1NetworkPolicy, ServiceCIDR as networkingV1ServiceCIDR } from "./networking-v1.ts";
import type { RuntimeClass as nodeV1RuntimeClass } from "./node-v1.ts";
import type { PodDisruptionBudget as policyV1PodDisruptionBudget } from "./policy-v1.ts";
import type { ClusterRole as rbacV1ClusterRole, ClusterRoleBinding as rbacV1ClusterRoleBinding, Role as rbacV1Role, RoleBinding as rbacV1RoleBinding } from "./rbac-v1.ts";
import type { DeviceClass as resourceV1DeviceClass, ResourceClaim as resourceV1ResourceClaim, ResourceClaimTemplate as resourceV1ResourceClaimTemplate, ResourceSlice as resourceV1ResourceSlice } from "./resource-v1.ts";
import type { PriorityClass as schedulingV1PriorityClass } from "./scheduling-v1.ts";
import type { CSIDriver as storageV1CSIDriver, CSINode as storageV1CSINode, CSIStorageCapacity as storageV1CSIStorageCapacity, StorageClass as storageV1StorageClass, VolumeAttachment as storageV1VolumeAttachment, VolumeAttributesClass as storageV1VolumeAttributesClass } from "./storage-v1.ts";

/** The preferred version of every built-in resource: what clients name in their calls. */
export const resources = {
  bindings: { group: "", version: "v1", resource: "bindings", kind: "Binding", isNamespaced: true } as ResourceType<coreV1Binding>,
  componentStatuses: { group: "", version: "v1", resource: "componentstatuses", kind: "ComponentStatus", isNamespaced: false } as ResourceType<coreV1ComponentStatus>,
  configMaps: { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", isNamespaced: true } as ResourceType<coreV1ConfigMap>,
  endpoints: { group: "", version: "v1", resource: "endpoints", kind: "Endpoints", isNamespaced: true } as ResourceType<coreV1Endpoints>,
  events: { group: "", version: "v1", resource: "events", kind: "Event", isNamespaced: true } as ResourceType<coreV1Event>,
  limitRanges: { group: "", version: "v1", resource: "limitranges", kind: "LimitRange", isNamespaced: true } as ResourceType<coreV1LimitRange>,
  namespaces: { group: "", version: "v1", resource: "namespaces", kind: "Namespace", isNamespaced: false } as ResourceType<coreV1Namespace>,
  nodes: { group: "", version: "v1", resource: "nodes", kind: "Node", isNamespaced: false } as ResourceType<coreV1Node>,
  persistentVolumeClaims: { group: "", version: "v1", resource: "persistentvolumeclaims", kind: "PersistentVolumeClaim", isNamespaced: true } as ResourceType<coreV1PersistentVolumeClaim>,
  persistentVolumes: { group: "", version: "v1", resource: "persistentvolumes", kind: "PersistentVolume", isNamespaced: false } as ResourceType<coreV1PersistentVolume>,
  pods: { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true } as ResourceType<coreV1Pod>,
  podTemplates: { group: "", version: "v1", resource: "podtemplates", kind: "PodTemplate", isNamespaced: true } as ResourceType<coreV1PodTemplate>,
  replicationControllers: { group: "", version: "v1", resource: "replicationcontrollers", kind: "ReplicationController", isNamespaced: true } as ResourceType<coreV1ReplicationController>,
  resourceQuotas: { group: "", version: "v1", resource: "resourcequotas", kind: "ResourceQuota", isNamespaced: true } as ResourceType<coreV1ResourceQuota>,
  secrets: { group: "", version: "v1", resource: "secrets", kind: "Secret", isNamespaced: true } as ResourceType<coreV1Secret>,
  serviceAccounts: { group: "", version: "v1", resource: "serviceaccounts", kind: "ServiceAccount", isNamespaced: true } as ResourceType<coreV1ServiceAccount>,
  services: { group: "", version: "v1", resource: "services", kind: "Service", isNamespaced: true } as ResourceType<coreV1Service>,
  apiServices: { group: "apiregistration.k8s.io", version: "v1", resource: "apiservices", kind: "APIService", isNamespaced: false } as ResourceType<apiregistrationV1APIService>,
  controllerRevisions: { group: "apps", version: "v1", resource: "controllerrevisions", kind: "ControllerRevision", isNamespaced: true } as ResourceType<appsV1ControllerRevision>,
  daemonSets: { group: "apps", version: "v1", resource: "daemonsets", kind: "DaemonSet", isNamespaced: true } as ResourceType<appsV1DaemonSet>,
  deployments: { group: "apps", version: "v1", resource: "deployments", kind: "Deployment", isNamespaced: true } as ResourceType<appsV1Deployment>,
  replicaSets: { group: "apps", version: "v1", resource: "replicasets", kind: "ReplicaSet", isNamespaced: true } as ResourceType<appsV1ReplicaSet>,
  statefulSets: { group: "apps", version: "v1", resource: "statefulsets", kind: "StatefulSet", isNamespaced: true } as ResourceType<appsV1StatefulSet>,
  eventsV1Events: { group: "events.k8s.io", version: "v1", resource: "events", kind: "Event", isNamespaced: true } as ResourceType<eventsV1Event>,
  selfSubjectReviews: { group: "authentication.k8s.io", version: "v1", resource: "selfsubjectreviews", kind: "SelfSubjectReview", isNamespaced: false } as ResourceType<authenticationV1SelfSubjectReview>,
  tokenReviews: { group: "authentication.k8s.io", version: "v1", resource: "tokenreviews", kind: "TokenReview", isNamespaced: false } as ResourceType<authenticationV1TokenReview>,
  localSubjectAccessReviews: { group: "authorization.k8s.io", version: "v1", resource: "localsubjectaccessreviews", kind: "LocalSubjectAccessReview", isNamespaced: true } as ResourceType<authorizationV1LocalSubjectAccessReview>,
  selfSubjectAccessReviews: { group: "authorization.k8s.io", version: "v1", resource: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview", isNamespaced: false } as ResourceType<authorizationV1SelfSubjectAccessReview>,
  selfSubjectRulesReviews: { group: "authorization.k8s.io", version: "v1", resource: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview", isNamespaced: false } as ResourceType<authorizationV1SelfSubjectRulesReview>,
  subjectAccessReviews: { group: "authorization.k8s.io", version: "v1", resource: "subjectaccessreviews", kind: "SubjectAccessReview", isNamespaced: false } as ResourceType<authorizationV1SubjectAccessReview>,
  horizontalPodAutoscalers: { group: "autoscaling", version: "v2", resource: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler", isNamespaced: true } as ResourceType<autoscalingV2HorizontalPodAutoscaler>,
  cronJobs: { group: "batch", version: "v1", resource: "cronjobs", kind: "CronJob", isNamespaced: true } as ResourceType<batchV1CronJob>,
  jobs: { group: "batch", version: "v1", resource: "jobs", kind: "Job", isNamespaced: true } as ResourceType<batchV1Job>,
  certificateSigningRequests: { group: "certificates.k8s.io", version: "v1", resource: "certificatesigningrequests", kind: "CertificateSigningRequest", isNamespaced: false } as ResourceType<certificatesV1CertificateSigningRequest>,
  ingressClasses: { group: "networking.k8s.io", version: "v1", resource: "ingressclasses", kind: "IngressClass", isNamespaced: false } as ResourceType<networkingV1IngressClass>,
  ingresses: { group: "networking.k8s.io", version: "v1", resource: "ingresses", kind: "Ingress", isNamespaced: true } as ResourceType<networkingV1Ingress>,
  ipAddresses: { group: "networking.k8s.io", version: "v1", resource: "ipaddresses", kind: "IPAddress", isNamespaced: false } as ResourceType<networkingV1IPAddress>,
  networkPolicies: { group: "networking.k8s.io", version: "v1", resource: "networkpolicies", kind: "NetworkPolicy", isNamespaced: true } as ResourceType<networkingV1NetworkPolicy>,
  serviceCIDRs: { group: "networking.k8s.io", version: "v1", resource: "servicecidrs", kind: "ServiceCIDR", isNamespaced: false } as ResourceType<networkingV1ServiceCIDR>,
  podDisruptionBudgets: { group: "policy", version: "v1", resource: "poddisruptionbudgets", kind: "PodDisruptionBudget", isNamespaced: true } as ResourceType<policyV1PodDisruptionBudget>,
  clusterRoleBindings: { group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterrolebindings", kind: "ClusterRoleBinding", isNamespaced: false } as ResourceType<rbacV1ClusterRoleBinding>,
  clusterRoles: { group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterroles", kind: "ClusterRole", isNamespaced: false } as ResourceType<rbacV1ClusterRole>,
  roleBindings: { group: "rbac.authorization.k8s.io", version: "v1", resource: "rolebindings", kind: "RoleBinding", isNamespaced: true } as ResourceType<rbacV1RoleBinding>,
  roles: { group: "rbac.authorization.k8s.io", version: "v1", resource: "roles", kind: "Role", isNamespaced: true } as ResourceType<rbacV1Role>,
  csiDrivers: { group: "storage.k8s.io", version: "v1", resource: "csidrivers", kind: "CSIDriver", isNamespaced: false } as ResourceType<storageV1CSIDriver>,
  csiNodes: { group: "storage.k8s.io", version: "v1", resource: "csinodes", kind: "CSINode", isNamespaced: false } as ResourceType<storageV1CSINode>,
  csiStorageCapacities: { group: "storage.k8s.io", version: "v1", resource: "csistoragecapacities", kind: "CSIStorageCapacity", isNamespaced: true } as ResourceType<storageV1CSIStorageCapacity>,
  storageClasses: { group: "storage.k8s.io", version: "v1", resource: "storageclasses", kind: "StorageClass", isNamespaced: false } as ResourceType<storageV1StorageClass>,
  volumeAttachments: { group: "storage.k8s.io", version: "v1", resource: "volumeattachments", kind: "VolumeAttachment", isNamespaced: false } as ResourceType<storageV1VolumeAttachment>,
  volumeAttributesClasses: { group: "storage.k8s.io", version: "v1", resource: "volumeattributesclasses", kind: "VolumeAttributesClass", isNamespaced: false } as ResourceType<storageV1VolumeAttributesClass>,
  mutatingAdmissionPolicies: { group: "admissionregistration.k8s.io", version: "v1", resource: "mutatingadmissionpolicies", kind: "MutatingAdmissionPolicy", isNamespaced: false } as ResourceType<admissionregistrationV1MutatingAdmissionPolicy>,
  mutatingAdmissionPolicyBindings: { group: "admissionregistration.k8s.io", version: "v1", resource: "mutatingadmissionpolicybindings", kind: "MutatingAdmissionPolicyBinding", isNamespaced: false } as ResourceType<admissionregistrationV1MutatingAdmissionPolicyBinding>,
  mutatingWebhookConfigurations: { group: "admissionregistration.k8s.io", version: "v1", resource: "mutatingwebhookconfigurations", kind: "MutatingWebhookConfiguration", isNamespaced: false } as ResourceType<admissionregistrationV1MutatingWebhookConfiguration>,
  validatingAdmissionPolicies: { group: "admissionregistration.k8s.io", version: "v1", resource: "validatingadmissionpolicies", kind: "ValidatingAdmissionPolicy", isNamespaced: false } as ResourceType<admissionregistrationV1ValidatingAdmissionPolicy>,
  validatingAdmissionPolicyBindings: { group: "admissionregistration.k8s.io", version: "v1", resource: "validatingadmissionpolicybindings", kind: "ValidatingAdmissionPolicyBinding", isNamespaced: false } as ResourceType<admissionregistrationV1ValidatingAdmissionPolicyBinding>,
  validatingWebhookConfigurations: { group: "admissionregistration.k8s.io", version: "v1", resource: "validatingwebhookconfigurations", kind: "ValidatingWebhookConfiguration", isNamespaced: false } as ResourceType<admissionregistrationV1ValidatingWebhookConfiguration>,
  customResourceDefinitions: { group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions", kind: "CustomResourceDefinition", isNamespaced: false } as ResourceType<apiextensionsV1CustomResourceDefinition>,
  priorityClasses: { group: "scheduling.k8s.io", version: "v1", resource: "priorityclasses", kind: "PriorityClass", isNamespaced: false } as ResourceType<schedulingV1PriorityClass>,
  leases: { group: "coordination.k8s.io", version: "v1", resource: "leases", kind: "Lease", isNamespaced: true } as ResourceType<coordinationV1Lease>,
  runtimeClasses: { group: "node.k8s.io", version: "v1", resource: "runtimeclasses", kind: "RuntimeClass", isNamespaced: false } as ResourceType<nodeV1RuntimeClass>,
  endpointSlices: { group: "discovery.k8s.io", version: "v1", resource: "endpointslices", kind: "EndpointSlice", isNamespaced: true } as ResourceType<discoveryV1EndpointSlice>,
  deviceClasses: { group: "resource.k8s.io", version: "v1", resource: "deviceclasses", kind: "DeviceClass", isNamespaced: false } as ResourceType<resourceV1DeviceClass>,
  resourceClaims: { group: "resource.k8s.io", version: "v1", resource: "resourceclaims", kind: "ResourceClaim", isNamespaced: true } as ResourceType<resourceV1ResourceClaim>,
  resourceClaimTemplates: { group: "resource.k8s.io", version: "v1", resource: "resourceclaimtemplates", kind: "ResourceClaimTemplate", isNamespaced: true } as ResourceType<resourceV1ResourceClaimTemplate>,
  resourceSlices: { group: "resource.k8s.io", version: "v1", resource: "resourceslices", kind: "ResourceSlice", isNamespaced: false } as ResourceType<resourceV1ResourceSlice>,
  flowSchemas: { group: "flowcontrol.apiserver.k8s.io", version: "v1", resource: "flowschemas", kind: "FlowSchema", isNamespaced: false } as ResourceType<flowcontrolV1FlowSchema>,
  priorityLevelConfigurations: { group: "flowcontrol.apiserver.k8s.io", version: "v1", resource: "prioritylevelconfigurations", kind: "PriorityLevelConfiguration", isNamespaced: false } as ResourceType<flowcontrolV1PriorityLevelConfiguration>,
} as const;
