package main

import (
	admission "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	flowcontrol "k8s.io/api/flowcontrol/v1"
	networking "k8s.io/api/networking/v1"
	node "k8s.io/api/node/v1"
	rbac "k8s.io/api/rbac/v1"
	resourceapi "k8s.io/api/resource/v1"
	scheduling "k8s.io/api/scheduling/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const clusterName = "client-go-whole"

func service() *core.Service {
	return &core.Service{ObjectMeta: named("whole"), Spec: core.ServiceSpec{Ports: []core.ServicePort{
		{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}, {Name: "dns", Port: 53, Protocol: core.ProtocolUDP},
	}}}
}

func endpointSlice() *discovery.EndpointSlice {
	return &discovery.EndpointSlice{
		ObjectMeta: named("whole"), AddressType: discovery.AddressTypeIPv4,
		Endpoints: []discovery.Endpoint{{Addresses: []string{"10.1.2.3"}, Conditions: discovery.EndpointConditions{Ready: ref(false)}, NodeName: ref("n")}},
		Ports:     []discovery.EndpointPort{{Name: ref(""), Port: ref(int32(80))}},
	}
}

func ingress() *networking.Ingress {
	backend := networking.IngressBackend{Service: &networking.IngressServiceBackend{Name: "none", Port: networking.ServiceBackendPort{Number: 80}}}
	return &networking.Ingress{ObjectMeta: named("whole"), Spec: networking.IngressSpec{
		IngressClassName: ref("none"),
		Rules: []networking.IngressRule{{Host: "a.example", IngressRuleValue: networking.IngressRuleValue{HTTP: &networking.HTTPIngressRuleValue{
			Paths: []networking.HTTPIngressPath{{Path: "/", PathType: ref(networking.PathTypePrefix), Backend: backend}},
		}}}},
	}}
}

func ingressClass() *networking.IngressClass {
	return &networking.IngressClass{ObjectMeta: named(clusterName), Spec: networking.IngressClassSpec{
		Controller: "example.com/controller", Parameters: &networking.IngressClassParametersReference{APIGroup: ref("example.com"), Kind: "P", Name: "p"},
	}}
}

func networkPolicy() *networking.NetworkPolicy {
	return &networking.NetworkPolicy{ObjectMeta: named("whole"), Spec: networking.NetworkPolicySpec{
		Ingress: []networking.NetworkPolicyIngressRule{{}, {From: []networking.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}}},
		Egress:  []networking.NetworkPolicyEgressRule{{Ports: []networking.NetworkPolicyPort{{Port: ref(intstr.FromInt32(53)), EndPort: ref(int32(54))}}}},
	}}
}

func rules() []rbac.PolicyRule {
	return []rbac.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}, ResourceNames: []string{"a"}}}
}

func role() *rbac.Role { return &rbac.Role{ObjectMeta: named("whole"), Rules: rules()} }

func roleBinding() *rbac.RoleBinding {
	return &rbac.RoleBinding{
		ObjectMeta: named("whole"), RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: "whole"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "a", Namespace: "b"}, {Kind: "User", Name: "u", APIGroup: rbac.GroupName}},
	}
}

func clusterRole() *rbac.ClusterRole {
	more := rbac.PolicyRule{NonResourceURLs: []string{"/x"}, Verbs: []string{"get"}}
	return &rbac.ClusterRole{ObjectMeta: named(clusterName), Rules: append(rules(), more)}
}

func clusterRoleBinding() *rbac.ClusterRoleBinding {
	return &rbac.ClusterRoleBinding{ObjectMeta: named(clusterName), RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: clusterName}}
}

func priorityClass() *scheduling.PriorityClass {
	return &scheduling.PriorityClass{ObjectMeta: named(clusterName), Value: -7, PreemptionPolicy: ref(core.PreemptNever)}
}

func runtimeClass() *node.RuntimeClass {
	return &node.RuntimeClass{ObjectMeta: named(clusterName), Handler: "none", Overhead: &node.Overhead{PodFixed: core.ResourceList{"cpu": resource.MustParse("1m")}}}
}

func deviceClass() *resourceapi.DeviceClass {
	return &resourceapi.DeviceClass{ObjectMeta: named(clusterName), Spec: resourceapi.DeviceClassSpec{
		Selectors: []resourceapi.DeviceSelector{{CEL: &resourceapi.CELDeviceSelector{Expression: `device.driver == "a.example"`}}},
	}}
}

func resourceClaim() *resourceapi.ResourceClaim {
	exactly := &resourceapi.ExactDeviceRequest{DeviceClassName: clusterName, AllocationMode: resourceapi.DeviceAllocationModeExactCount, Count: 1}
	return &resourceapi.ResourceClaim{ObjectMeta: named("whole"), Spec: resourceapi.ResourceClaimSpec{
		Devices: resourceapi.DeviceClaim{Requests: []resourceapi.DeviceRequest{{Name: "one", Exactly: exactly}}},
	}}
}

func storageClass() *storage.StorageClass {
	return &storage.StorageClass{
		ObjectMeta: named(clusterName), Provisioner: "example.com/none", Parameters: map[string]string{"z": "1", "a": ""},
		AllowVolumeExpansion: ref(false), VolumeBindingMode: ref(storage.VolumeBindingWaitForFirstConsumer),
	}
}

func csiDriver() *storage.CSIDriver {
	return &storage.CSIDriver{ObjectMeta: named("whole.client-go.example"), Spec: storage.CSIDriverSpec{AttachRequired: ref(false)}}
}

func volumeAttachment() *storage.VolumeAttachment {
	return &storage.VolumeAttachment{ObjectMeta: named(clusterName), Spec: storage.VolumeAttachmentSpec{
		Attacher: "none.example", NodeName: "none", Source: storage.VolumeAttachmentSource{PersistentVolumeName: ref("none")},
	}}
}

func flowSchema() *flowcontrol.FlowSchema {
	return &flowcontrol.FlowSchema{ObjectMeta: named(clusterName), Spec: flowcontrol.FlowSchemaSpec{
		PriorityLevelConfiguration: flowcontrol.PriorityLevelConfigurationReference{Name: "global-default"}, MatchingPrecedence: 9000,
		DistinguisherMethod: &flowcontrol.FlowDistinguisherMethod{Type: flowcontrol.FlowDistinguisherMethodByUserType},
	}}
}

func priorityLevel() *flowcontrol.PriorityLevelConfiguration {
	return &flowcontrol.PriorityLevelConfiguration{ObjectMeta: named(clusterName), Spec: flowcontrol.PriorityLevelConfigurationSpec{
		Type: flowcontrol.PriorityLevelEnablementLimited,
		Limited: &flowcontrol.LimitedPriorityLevelConfiguration{
			NominalConcurrencyShares: ref(int32(0)), LimitResponse: flowcontrol.LimitResponse{Type: flowcontrol.LimitResponseTypeReject},
		},
	}}
}

func webhooks() *admission.ValidatingWebhookConfiguration {
	return &admission.ValidatingWebhookConfiguration{ObjectMeta: named(clusterName), Webhooks: []admission.ValidatingWebhook{{
		Name: "none.client-go.example", AdmissionReviewVersions: []string{"v1"}, SideEffects: ref(admission.SideEffectClassNone),
		FailurePolicy: ref(admission.Ignore), ClientConfig: admission.WebhookClientConfig{URL: ref("https://127.0.0.1:1/none")},
		Rules: []admission.RuleWithOperations{{
			Operations: []admission.OperationType{admission.Create},
			Rule:       admission.Rule{APIGroups: []string{"none.example"}, APIVersions: []string{"v1"}, Resources: []string{"nones"}},
		}},
	}}}
}

func admissionPolicy() *admission.ValidatingAdmissionPolicy {
	return &admission.ValidatingAdmissionPolicy{ObjectMeta: named(clusterName), Spec: admission.ValidatingAdmissionPolicySpec{
		FailurePolicy: ref(admission.Ignore),
		MatchConstraints: &admission.MatchResources{ResourceRules: []admission.NamedRuleWithOperations{{RuleWithOperations: admission.RuleWithOperations{
			Operations: []admission.OperationType{admission.Create},
			Rule:       admission.Rule{APIGroups: []string{"none.example"}, APIVersions: []string{"v1"}, Resources: []string{"nones"}},
		}}}},
		Validations: []admission.Validation{{Expression: "true", Reason: ref(metav1.StatusReasonInvalid)}},
	}}
}
