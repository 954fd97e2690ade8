package main

import (
	admission "k8s.io/api/admissionregistration/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling1 "k8s.io/api/autoscaling/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	certificates "k8s.io/api/certificates/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	events "k8s.io/api/events/v1"
	flowcontrol "k8s.io/api/flowcontrol/v1"
	networking "k8s.io/api/networking/v1"
	node "k8s.io/api/node/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	resourceapi "k8s.io/api/resource/v1"
	scheduling "k8s.io/api/scheduling/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/client-go/kubernetes"
)

// set chooses the clients of an encoding.
func (c *clients) set(isJSON bool) *kubernetes.Clientset {
	if isJSON {
		return c.json
	}
	return c.typed
}

// kindChecks has every kind whose objects a client may create, update and delete.
func kindChecks() []check {
	var checks []check
	for _, list := range [][]check{coreKinds(), workloadKinds(), networkKinds(), accessKinds(), clusterKinds()} {
		checks = append(checks, list...)
	}
	return checks
}

func coreKinds() []check {
	return []check{
		kindCheck("ConfigMap", func(c *clients, j bool) kindClient[*core.ConfigMap, *core.ConfigMapList] {
			return c.set(j).CoreV1().ConfigMaps(c.namespace)
		}, configMap()),
		kindCheck("Secret", func(c *clients, j bool) kindClient[*core.Secret, *core.SecretList] {
			return c.set(j).CoreV1().Secrets(c.namespace)
		}, secret()),
		kindCheck("Pod", func(c *clients, j bool) kindClient[*core.Pod, *core.PodList] {
			return c.set(j).CoreV1().Pods(c.namespace)
		}, pod("whole")),
		kindCheck("ReplicationController", func(c *clients, j bool) kindClient[*core.ReplicationController, *core.ReplicationControllerList] {
			return c.set(j).CoreV1().ReplicationControllers(c.namespace)
		}, replicationController()),
		kindCheck("PodTemplate", func(c *clients, j bool) kindClient[*core.PodTemplate, *core.PodTemplateList] {
			return c.set(j).CoreV1().PodTemplates(c.namespace)
		}, podTemplate()),
		kindCheck("PersistentVolumeClaim", func(c *clients, j bool) kindClient[*core.PersistentVolumeClaim, *core.PersistentVolumeClaimList] {
			return c.set(j).CoreV1().PersistentVolumeClaims(c.namespace)
		}, volumeClaim()),
		kindCheck("PersistentVolume", func(c *clients, j bool) kindClient[*core.PersistentVolume, *core.PersistentVolumeList] {
			return c.set(j).CoreV1().PersistentVolumes()
		}, volume()),
		kindCheck("LimitRange", func(c *clients, j bool) kindClient[*core.LimitRange, *core.LimitRangeList] {
			return c.set(j).CoreV1().LimitRanges(c.namespace)
		}, limitRange()),
		kindCheck("ResourceQuota", func(c *clients, j bool) kindClient[*core.ResourceQuota, *core.ResourceQuotaList] {
			return c.set(j).CoreV1().ResourceQuotas(c.namespace)
		}, quota()),
		kindCheck("Event", func(c *clients, j bool) kindClient[*core.Event, *core.EventList] {
			return c.set(j).CoreV1().Events(core.NamespaceDefault)
		}, event()),
		kindCheck("Event of events.k8s.io", func(c *clients, j bool) kindClient[*events.Event, *events.EventList] {
			return c.set(j).EventsV1().Events(core.NamespaceDefault)
		}, newEvent()),
		kindCheck("Lease", func(c *clients, j bool) kindClient[*coordination.Lease, *coordination.LeaseList] {
			return c.set(j).CoordinationV1().Leases(c.namespace)
		}, lease()),
		kindCheck("Node", func(c *clients, j bool) kindClient[*core.Node, *core.NodeList] {
			return c.set(j).CoreV1().Nodes()
		}, machine()),
	}
}

func workloadKinds() []check {
	return []check{
		kindCheck("Deployment", func(c *clients, j bool) kindClient[*apps.Deployment, *apps.DeploymentList] {
			return c.set(j).AppsV1().Deployments(c.namespace)
		}, deployment("whole")),
		kindCheck("ReplicaSet", func(c *clients, j bool) kindClient[*apps.ReplicaSet, *apps.ReplicaSetList] {
			return c.set(j).AppsV1().ReplicaSets(c.namespace)
		}, replicaSet()),
		kindCheck("StatefulSet", func(c *clients, j bool) kindClient[*apps.StatefulSet, *apps.StatefulSetList] {
			return c.set(j).AppsV1().StatefulSets(c.namespace)
		}, statefulSet()),
		kindCheck("DaemonSet", func(c *clients, j bool) kindClient[*apps.DaemonSet, *apps.DaemonSetList] {
			return c.set(j).AppsV1().DaemonSets(c.namespace)
		}, daemonSet()),
		kindCheck("ControllerRevision", func(c *clients, j bool) kindClient[*apps.ControllerRevision, *apps.ControllerRevisionList] {
			return c.set(j).AppsV1().ControllerRevisions(c.namespace)
		}, controllerRevision()),
		kindCheck("Job", func(c *clients, j bool) kindClient[*batch.Job, *batch.JobList] {
			return c.set(j).BatchV1().Jobs(c.namespace)
		}, job()),
		kindCheck("CronJob", func(c *clients, j bool) kindClient[*batch.CronJob, *batch.CronJobList] {
			return c.set(j).BatchV1().CronJobs(c.namespace)
		}, cronJob()),
		kindCheck("HorizontalPodAutoscaler", func(c *clients, j bool) kindClient[*autoscaling.HorizontalPodAutoscaler, *autoscaling.HorizontalPodAutoscalerList] {
			return c.set(j).AutoscalingV2().HorizontalPodAutoscalers(c.namespace)
		}, autoscaler()),
		kindCheck("HorizontalPodAutoscaler of v1", func(c *clients, j bool) kindClient[*autoscaling1.HorizontalPodAutoscaler, *autoscaling1.HorizontalPodAutoscalerList] {
			return c.set(j).AutoscalingV1().HorizontalPodAutoscalers(c.namespace)
		}, oldAutoscaler()),
		kindCheck("PodDisruptionBudget", func(c *clients, j bool) kindClient[*policy.PodDisruptionBudget, *policy.PodDisruptionBudgetList] {
			return c.set(j).PolicyV1().PodDisruptionBudgets(c.namespace)
		}, disruptionBudget()),
		kindCheck("PriorityClass", func(c *clients, j bool) kindClient[*scheduling.PriorityClass, *scheduling.PriorityClassList] {
			return c.set(j).SchedulingV1().PriorityClasses()
		}, priorityClass()),
		kindCheck("RuntimeClass", func(c *clients, j bool) kindClient[*node.RuntimeClass, *node.RuntimeClassList] {
			return c.set(j).NodeV1().RuntimeClasses()
		}, runtimeClass()),
		kindCheck("ResourceClaim", func(c *clients, j bool) kindClient[*resourceapi.ResourceClaim, *resourceapi.ResourceClaimList] {
			return c.set(j).ResourceV1().ResourceClaims(c.namespace)
		}, resourceClaim()),
		kindCheck("DeviceClass", func(c *clients, j bool) kindClient[*resourceapi.DeviceClass, *resourceapi.DeviceClassList] {
			return c.set(j).ResourceV1().DeviceClasses()
		}, deviceClass()),
	}
}

func networkKinds() []check {
	return []check{
		kindCheck("Service", func(c *clients, j bool) kindClient[*core.Service, *core.ServiceList] {
			return c.set(j).CoreV1().Services(c.namespace)
		}, service()),
		kindCheck("EndpointSlice", func(c *clients, j bool) kindClient[*discovery.EndpointSlice, *discovery.EndpointSliceList] {
			return c.set(j).DiscoveryV1().EndpointSlices(c.namespace)
		}, endpointSlice()),
		kindCheck("Ingress", func(c *clients, j bool) kindClient[*networking.Ingress, *networking.IngressList] {
			return c.set(j).NetworkingV1().Ingresses(c.namespace)
		}, ingress()),
		kindCheck("IngressClass", func(c *clients, j bool) kindClient[*networking.IngressClass, *networking.IngressClassList] {
			return c.set(j).NetworkingV1().IngressClasses()
		}, ingressClass()),
		kindCheck("NetworkPolicy", func(c *clients, j bool) kindClient[*networking.NetworkPolicy, *networking.NetworkPolicyList] {
			return c.set(j).NetworkingV1().NetworkPolicies(c.namespace)
		}, networkPolicy()),
	}
}

func accessKinds() []check {
	return []check{
		kindCheck("ServiceAccount", func(c *clients, j bool) kindClient[*core.ServiceAccount, *core.ServiceAccountList] {
			return c.set(j).CoreV1().ServiceAccounts(c.namespace)
		}, serviceAccount("whole")),
		kindCheck("Role", func(c *clients, j bool) kindClient[*rbac.Role, *rbac.RoleList] {
			return c.set(j).RbacV1().Roles(c.namespace)
		}, role()),
		kindCheck("RoleBinding", func(c *clients, j bool) kindClient[*rbac.RoleBinding, *rbac.RoleBindingList] {
			return c.set(j).RbacV1().RoleBindings(c.namespace)
		}, roleBinding()),
		kindCheck("ClusterRole", func(c *clients, j bool) kindClient[*rbac.ClusterRole, *rbac.ClusterRoleList] {
			return c.set(j).RbacV1().ClusterRoles()
		}, clusterRole()),
		kindCheck("ClusterRoleBinding", func(c *clients, j bool) kindClient[*rbac.ClusterRoleBinding, *rbac.ClusterRoleBindingList] {
			return c.set(j).RbacV1().ClusterRoleBindings()
		}, clusterRoleBinding()),
		kindCheck("CertificateSigningRequest", func(c *clients, j bool) kindClient[*certificates.CertificateSigningRequest, *certificates.CertificateSigningRequestList] {
			return c.set(j).CertificatesV1().CertificateSigningRequests()
		}, signingRequest("client-go-whole")),
	}
}

func clusterKinds() []check {
	return []check{
		kindCheck("StorageClass", func(c *clients, j bool) kindClient[*storage.StorageClass, *storage.StorageClassList] {
			return c.set(j).StorageV1().StorageClasses()
		}, storageClass()),
		kindCheck("CSIDriver", func(c *clients, j bool) kindClient[*storage.CSIDriver, *storage.CSIDriverList] {
			return c.set(j).StorageV1().CSIDrivers()
		}, csiDriver()),
		kindCheck("VolumeAttachment", func(c *clients, j bool) kindClient[*storage.VolumeAttachment, *storage.VolumeAttachmentList] {
			return c.set(j).StorageV1().VolumeAttachments()
		}, volumeAttachment()),
		kindCheck("FlowSchema", func(c *clients, j bool) kindClient[*flowcontrol.FlowSchema, *flowcontrol.FlowSchemaList] {
			return c.set(j).FlowcontrolV1().FlowSchemas()
		}, flowSchema()),
		kindCheck("PriorityLevelConfiguration", func(c *clients, j bool) kindClient[*flowcontrol.PriorityLevelConfiguration, *flowcontrol.PriorityLevelConfigurationList] {
			return c.set(j).FlowcontrolV1().PriorityLevelConfigurations()
		}, priorityLevel()),
		kindCheck("ValidatingWebhookConfiguration", func(c *clients, j bool) kindClient[*admission.ValidatingWebhookConfiguration, *admission.ValidatingWebhookConfigurationList] {
			return c.set(j).AdmissionregistrationV1().ValidatingWebhookConfigurations()
		}, webhooks()),
		kindCheck("ValidatingAdmissionPolicy", func(c *clients, j bool) kindClient[*admission.ValidatingAdmissionPolicy, *admission.ValidatingAdmissionPolicyList] {
			return c.set(j).AdmissionregistrationV1().ValidatingAdmissionPolicies()
		}, admissionPolicy()),
	}
}
