import { ageOf, type ColumnDefinition, type KubeObject, type UnstructuredObject } from "@coracle/apimachinery";
import { declarations, type PrinterColumn } from "../schema/declarations.ts";
import * as autoscaling from "./autoscaling.ts";
import type { Cells } from "./cells.ts";
import * as core from "./core.ts";
import * as networking from "./networking.ts";
import * as policy from "./policy.ts";
import * as storage from "./storage.ts";
import * as workloads from "./workloads.ts";

type AnyCells = Readonly<Record<string, (object: never, nowMs: number) => unknown>>;

const cellsByKind: Readonly<Record<string, AnyCells>> = {
  APIService: policy.apiServiceCells,
  CSIDriver: storage.csiDriverCells,
  CSINode: storage.csiNodeCells,
  CertificateSigningRequest: policy.certificateSigningRequestCells,
  ClusterRoleBinding: policy.roleBindingCells,
  ConfigMap: core.configMapCells,
  ControllerRevision: workloads.controllerRevisionCells,
  CronJob: workloads.cronJobCells,
  DaemonSet: workloads.daemonSetCells,
  Deployment: workloads.deploymentCells,
  EndpointSlice: networking.endpointSliceCells,
  Endpoints: networking.endpointsCells,
  Event: core.eventCells,
  FlowSchema: policy.flowSchemaCells,
  HorizontalPodAutoscaler: autoscaling.horizontalPodAutoscalerCells,
  IPAddress: networking.ipAddressCells,
  Ingress: networking.ingressCells,
  IngressClass: networking.ingressClassCells,
  Job: workloads.jobCells,
  Lease: policy.leaseCells,
  MutatingAdmissionPolicy: policy.mutatingPolicyCells,
  MutatingAdmissionPolicyBinding: policy.policyBindingCells,
  MutatingWebhookConfiguration: policy.webhookConfigurationCells,
  Namespace: core.namespaceCells,
  NetworkPolicy: networking.networkPolicyCells,
  Node: core.nodeCells,
  PersistentVolume: storage.persistentVolumeCells,
  PersistentVolumeClaim: storage.persistentVolumeClaimCells,
  Pod: workloads.podCells,
  PodDisruptionBudget: workloads.podDisruptionBudgetCells,
  PodTemplate: workloads.podTemplateCells,
  PriorityClass: policy.priorityClassCells,
  PriorityLevelConfiguration: policy.priorityLevelCells,
  ReplicaSet: workloads.replicaSetCells,
  ReplicationController: workloads.replicationControllerCells,
  ResourceClaim: policy.resourceClaimCells,
  ResourceQuota: core.resourceQuotaCells,
  ResourceSlice: policy.resourceSliceCells,
  RoleBinding: policy.roleBindingCells,
  RuntimeClass: policy.runtimeClassCells,
  Secret: core.secretCells,
  Service: networking.serviceCells,
  ServiceCIDR: networking.serviceCidrCells,
  StatefulSet: workloads.statefulSetCells,
  StorageClass: storage.storageClassCells,
  ValidatingAdmissionPolicy: policy.validatingPolicyCells,
  ValidatingAdmissionPolicyBinding: policy.policyBindingCells,
  ValidatingWebhookConfiguration: policy.webhookConfigurationCells,
  VolumeAttachment: storage.volumeAttachmentCells,
  VolumeAttributesClass: storage.volumeAttributesClassCells,
};

const commonCells: Cells<KubeObject> = {
  Name: ({ metadata }) => metadata.name ?? "",
  Age: ({ metadata }, nowMs) => ageOf(metadata.creationTimestamp, nowMs),
  "Created At": ({ metadata }) => metadata.creationTimestamp ?? null,
};

/** The columns of a kind by its key in `printers`; name and creation time where it has none of its own. */
export function columnsOf(key: string): readonly ColumnDefinition[] {
  const { printers } = declarations();
  return (printers[key] ?? printers["Table_default"] ?? []).map((column) => columnOf(key, column));
}

function columnOf(key: string, { n: name, t: type, f: format, p: priority = 0 }: PrinterColumn): ColumnDefinition {
  const cell = cellsByKind[key]?.[name] ?? commonCells[name];
  if (cell === undefined) throw new Error(`the column ${name} of ${key} has no cells`);
  return {
    name,
    type,
    ...(format !== undefined && { format }),
    priority,
    cell: (object: UnstructuredObject, nowMs) => cell(object as never, nowMs),
  };
}
