import { humanDuration } from "@coracle/apimachinery";
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from "../generated/admissionregistration-v1.ts";
import type { APIService } from "../generated/apiregistration-v1.ts";
import type { CertificateSigningRequest } from "../generated/certificates-v1.ts";
import type { Lease } from "../generated/coordination-v1.ts";
import type { FlowSchema, PriorityLevelConfiguration } from "../generated/flowcontrol-v1.ts";
import type { RuntimeClass } from "../generated/node-v1.ts";
import type { ClusterRoleBinding, RoleBinding, Subject } from "../generated/rbac-v1.ts";
import type { ResourceClaim, ResourceSlice } from "../generated/resource-v1.ts";
import type { PriorityClass } from "../generated/scheduling-v1.ts";
import { none, orNone, rawSelectorText, unset, type Cells } from "./cells.ts";

export const roleBindingCells: Cells<RoleBinding | ClusterRoleBinding> = {
  Role: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`,
  Users: ({ subjects }) => subjectNames(subjects, "User"),
  Groups: ({ subjects }) => subjectNames(subjects, "Group"),
  ServiceAccounts: ({ subjects }) => subjectNames(subjects, "ServiceAccount"),
};

function subjectNames(subjects: readonly Subject[] | undefined, wanted: string): string {
  return (subjects ?? [])
    .filter(({ kind }) => kind === wanted)
    .map(({ name, namespace = "" }) => (wanted === "ServiceAccount" ? `${namespace}/${name}` : name))
    .join(", ");
}

export const certificateSigningRequestCells: Cells<CertificateSigningRequest> = {
  SignerName: ({ spec }) => orNone(spec.signerName),
  Requestor: ({ spec }) => spec.username ?? "",
  RequestedDuration: ({ spec }) => (spec.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000)),
  Condition: ({ status }) => {
    const has = (wanted: string) => status?.conditions?.some(({ type }) => type === wanted) ?? false;
    const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
    return `${decision}${has("Failed") ? ",Failed" : ""}${(status?.certificate ?? "") === "" ? "" : ",Issued"}`;
  },
};

export const leaseCells: Cells<Lease> = { Holder: ({ spec }) => spec?.holderIdentity ?? "" };

export const priorityClassCells: Cells<PriorityClass> = {
  Value: ({ value }) => value ?? 0,
  "Global-Default": ({ globalDefault }) => globalDefault ?? false,
  PreemptionPolicy: ({ preemptionPolicy }) => preemptionPolicy ?? "",
};

export const runtimeClassCells: Cells<RuntimeClass> = { Handler: ({ handler }) => handler };

export const apiServiceCells: Cells<APIService> = {
  Service: ({ spec }) => (spec?.service === undefined ? "Local" : `${spec.service.namespace ?? ""}/${spec.service.name ?? ""}`),
  Available: ({ status }) => {
    const available = status?.conditions?.find(({ type }) => type === "Available");
    if (available === undefined) return "Unknown";
    const { status: text, reason = "" } = available;
    return text === "True" || reason === "" ? text : `${text} (${reason})`;
  },
};

export const webhookConfigurationCells: Cells<MutatingWebhookConfiguration | ValidatingWebhookConfiguration> = {
  Webhooks: ({ webhooks }) => webhooks?.length ?? 0,
};

export const validatingPolicyCells: Cells<ValidatingAdmissionPolicy> = {
  Validations: ({ spec }) => spec?.validations?.length ?? 0,
  ParamKind: ({ spec }) => paramKindText(spec?.paramKind),
};

export const mutatingPolicyCells: Cells<MutatingAdmissionPolicy> = {
  Mutations: ({ spec }) => spec?.mutations?.length ?? 0,
  ParamKind: ({ spec }) => paramKindText(spec?.paramKind),
};

export const policyBindingCells: Cells<ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding> = {
  PolicyName: ({ spec }) => spec?.policyName ?? "",
  ParamRef: ({ spec }) => paramRefText(spec?.paramRef),
};

function paramKindText(kind: ParamKind | undefined): string {
  return kind === undefined ? unset : `${kind.apiVersion ?? ""}/${kind.kind ?? ""}`;
}

function paramRefText(reference: ParamRef | undefined): string {
  if (reference === undefined) return unset;
  const { name = "", namespace = "*", selector } = reference;
  return name === "" ? rawSelectorText(selector) || unset : `${namespace}/${name}`;
}

export const flowSchemaCells: Cells<FlowSchema> = {
  PriorityLevel: ({ spec }) => spec?.priorityLevelConfiguration.name ?? "",
  MatchingPrecedence: ({ spec }) => String(spec?.matchingPrecedence ?? 0),
  DistinguisherMethod: ({ spec }) => orNone(spec?.distinguisherMethod?.type),
  MissingPL: ({ status }) => status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
};

export const priorityLevelCells: Cells<PriorityLevelConfiguration> = {
  Type: ({ spec }) => spec?.type ?? "",
  NominalConcurrencyShares: ({ spec }) => orNone(spec?.limited?.nominalConcurrencyShares?.toString()),
  Queues: ({ spec }) => orNone(spec?.limited?.limitResponse?.queuing?.queues?.toString()),
  HandSize: ({ spec }) => orNone(spec?.limited?.limitResponse?.queuing?.handSize?.toString()),
  QueueLengthLimit: ({ spec }) => orNone(spec?.limited?.limitResponse?.queuing?.queueLengthLimit?.toString()),
};

export const resourceClaimCells: Cells<ResourceClaim> = {
  State: ({ metadata, status }) => {
    const isDeleted = metadata.deletionTimestamp !== undefined;
    const isAllocated = status?.allocation !== undefined;
    const states = [
      ...(isDeleted ? ["deleted"] : []),
      ...(isAllocated ? ["allocated"] : isDeleted ? [] : ["pending"]),
      ...(isAllocated && (status?.reservedFor?.length ?? 0) > 0 ? ["reserved"] : []),
    ];
    return states.join(",");
  },
};

export const resourceSliceCells: Cells<ResourceSlice> = {
  Node: ({ spec }) => spec.nodeName ?? "",
  Driver: ({ spec }) => spec.driver,
  Pool: ({ spec }) => spec.pool.name,
};
