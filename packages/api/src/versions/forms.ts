import { accessReviewForm, alphaBindingForm } from "./access-rules.ts";
import { certificateSigningRequestForm } from "./certificate-signing-request.ts";
import { customResourceDefinitionForm } from "./custom-resource-definition.ts";
import { endpointSliceForm } from "./endpoint-slice.ts";
import { eventForm } from "./events.ts";
import { autoscalerBetaForm } from "./horizontal-pod-autoscaler-beta.ts";
import { ingressForm } from "./ingress.ts";
import { podDisruptionBudgetForm } from "./pod-disruption-budget.ts";
import { assuredSharesForm, nominalSharesForm } from "./priority-level.ts";
import { runtimeClassForm } from "./runtime-class.ts";
import type { VersionForm } from "./version-form.ts";
import {
  appsBetaDeploymentForm,
  appsBetaStatefulSetForm,
  extensionsDaemonSetForm,
  extensionsDeploymentForm,
  extensionsReplicaSetForm,
} from "./workloads.ts";

/** By type. The other retired versions have the fields of what is stored, or fewer. */
export const versionForms: Readonly<Record<string, VersionForm>> = {
  "apiextensions/v1beta1.CustomResourceDefinition": customResourceDefinitionForm,
  "apps/v1beta1.Deployment": appsBetaDeploymentForm,
  "apps/v1beta1.StatefulSet": appsBetaStatefulSetForm,
  "authorization/v1beta1.LocalSubjectAccessReview": accessReviewForm,
  "authorization/v1beta1.SubjectAccessReview": accessReviewForm,
  "autoscaling/v2beta1.HorizontalPodAutoscaler": autoscalerBetaForm,
  "certificates/v1beta1.CertificateSigningRequest": certificateSigningRequestForm,
  "discovery/v1beta1.EndpointSlice": endpointSliceForm,
  "events/v1beta1.Event": eventForm,
  "extensions/v1beta1.DaemonSet": extensionsDaemonSetForm,
  "extensions/v1beta1.Deployment": extensionsDeploymentForm,
  "extensions/v1beta1.Ingress": ingressForm,
  "extensions/v1beta1.ReplicaSet": extensionsReplicaSetForm,
  "flowcontrol/v1beta1.PriorityLevelConfiguration": assuredSharesForm,
  "flowcontrol/v1beta2.PriorityLevelConfiguration": assuredSharesForm,
  "flowcontrol/v1beta3.PriorityLevelConfiguration": nominalSharesForm,
  "networking/v1beta1.Ingress": ingressForm,
  "node/v1alpha1.RuntimeClass": runtimeClassForm,
  "policy/v1beta1.PodDisruptionBudget": podDisruptionBudgetForm,
  "rbac/v1alpha1.ClusterRoleBinding": alphaBindingForm,
  "rbac/v1alpha1.RoleBinding": alphaBindingForm,
};
