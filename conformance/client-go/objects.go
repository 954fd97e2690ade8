package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"time"

	apps "k8s.io/api/apps/v1"
	autoscaling1 "k8s.io/api/autoscaling/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	certificates "k8s.io/api/certificates/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	events "k8s.io/api/events/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var marks = map[string]string{"app": "client-go", "tier": ""}

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Labels: marks} }

func ref[T any](value T) *T { return &value }

func configMap() *core.ConfigMap {
	return &core.ConfigMap{ObjectMeta: named("whole"), Data: map[string]string{"b": "", "a": "Größe 🚢"}, BinaryData: map[string][]byte{"x": {0, 255, 1}}}
}

func secret() *core.Secret {
	return &core.Secret{ObjectMeta: named("whole"), Data: map[string][]byte{"empty": {}, "key": {1, 2, 3}}, StringData: map[string]string{"text": "x"}}
}

func podSpec() core.PodSpec {
	return core.PodSpec{
		TerminationGracePeriodSeconds: ref(int64(0)),
		Tolerations:                   []core.Toleration{{Operator: core.TolerationOpExists, TolerationSeconds: ref(int64(-1)), Effect: core.TaintEffectNoExecute}},
		Volumes: []core.Volume{
			{Name: "scratch", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{SizeLimit: ref(resource.MustParse("1Gi"))}}},
			{Name: "config", VolumeSource: core.VolumeSource{ConfigMap: &core.ConfigMapVolumeSource{
				LocalObjectReference: core.LocalObjectReference{Name: "none"}, Optional: ref(true), DefaultMode: ref(int32(0o400))}}},
		},
		Containers: []core.Container{{
			Name:  "main",
			Image: "registry.example/main:1",
			Args:  []string{"", "--flag"},
			Env:   []core.EnvVar{{Name: "EMPTY"}, {Name: "NODE", ValueFrom: &core.EnvVarSource{FieldRef: &core.ObjectFieldSelector{FieldPath: "spec.nodeName"}}}},
			Ports: []core.ContainerPort{{Name: "http", ContainerPort: 8080}},
			Resources: core.ResourceRequirements{
				Requests: core.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("1.5Gi")},
			},
			LivenessProbe: &core.Probe{ProbeHandler: core.ProbeHandler{TCPSocket: &core.TCPSocketAction{Port: intstr.FromString("http")}}, InitialDelaySeconds: 600},
			VolumeMounts:  []core.VolumeMount{{Name: "scratch", MountPath: "/scratch"}, {Name: "config", MountPath: "/config", ReadOnly: true}},
		}},
	}
}

func template() core.PodTemplateSpec {
	return core.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: marks}, Spec: podSpec()}
}

func pod(name string) *core.Pod { return &core.Pod{ObjectMeta: named(name), Spec: podSpec()} }

func podTemplate() *core.PodTemplate {
	return &core.PodTemplate{ObjectMeta: named("whole"), Template: template()}
}

func replicationController() *core.ReplicationController {
	pods := template()
	return &core.ReplicationController{ObjectMeta: named("whole"), Spec: core.ReplicationControllerSpec{Replicas: ref(int32(0)), Selector: marks, Template: &pods}}
}

func volumeClaim() *core.PersistentVolumeClaim {
	return &core.PersistentVolumeClaim{ObjectMeta: named("whole"), Spec: core.PersistentVolumeClaimSpec{
		StorageClassName: ref(""),
		AccessModes:      []core.PersistentVolumeAccessMode{core.ReadWriteOnce},
		Resources:        core.VolumeResourceRequirements{Requests: core.ResourceList{"storage": resource.MustParse("3Gi")}},
	}}
}

func volume() *core.PersistentVolume {
	return &core.PersistentVolume{ObjectMeta: named("client-go-whole"), Spec: core.PersistentVolumeSpec{
		Capacity:                      core.ResourceList{"storage": resource.MustParse("1Gi")},
		AccessModes:                   []core.PersistentVolumeAccessMode{core.ReadWriteMany},
		PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimRetain,
		StorageClassName:              "none",
		PersistentVolumeSource:        core.PersistentVolumeSource{NFS: &core.NFSVolumeSource{Server: "nfs.example", Path: "/"}},
	}}
}

func limitRange() *core.LimitRange {
	return &core.LimitRange{ObjectMeta: named("whole"), Spec: core.LimitRangeSpec{Limits: []core.LimitRangeItem{
		{Type: core.LimitTypePod, Max: core.ResourceList{"cpu": resource.MustParse("64")}},
	}}}
}

func quota() *core.ResourceQuota {
	return &core.ResourceQuota{ObjectMeta: named("whole"), Spec: core.ResourceQuotaSpec{Hard: core.ResourceList{"pods": resource.MustParse("1k")}}}
}

func event() *core.Event {
	return &core.Event{
		ObjectMeta: named("whole"), Reason: "Testing", Message: "all is well", Type: core.EventTypeNormal, Count: 2,
		FirstTimestamp: metav1.NewTime(time.Unix(1_700_000_000, 5)), LastTimestamp: metav1.NewTime(time.Unix(1_700_000_001, 0)),
		EventTime: metav1.NewMicroTime(time.Unix(1_700_000_000, 123_456_000)), ReportingController: "client-go.example/x", ReportingInstance: "i", Action: "a",
	}
}

func newEvent() *events.Event {
	return &events.Event{
		ObjectMeta: named("new-whole"), Reason: "Testing", Note: "all is well", Type: "Normal", Action: "Watching",
		EventTime: metav1.NewMicroTime(time.Unix(1_700_000_000, 1000)), ReportingController: "client-go.example/x", ReportingInstance: "i",
	}
}

func lease() *coordination.Lease {
	return &coordination.Lease{ObjectMeta: named("whole"), Spec: coordination.LeaseSpec{
		HolderIdentity: ref("me"), LeaseDurationSeconds: ref(int32(15)), LeaseTransitions: ref(int32(0)),
		AcquireTime: ref(metav1.NewMicroTime(time.Unix(1_700_000_000, 999_999_000))), RenewTime: ref(metav1.NewMicroTime(time.Unix(0, 1000))),
	}}
}

func machine() *core.Node {
	return &core.Node{ObjectMeta: named("client-go-whole"), Spec: core.NodeSpec{Unschedulable: true, Taints: []core.Taint{{Key: "a", Effect: core.TaintEffectNoSchedule}}}}
}

func serviceAccount(name string) *core.ServiceAccount {
	return &core.ServiceAccount{ObjectMeta: named(name), AutomountServiceAccountToken: ref(false)}
}

func selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: marks, MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "gone", Operator: metav1.LabelSelectorOpDoesNotExist}}}
}

func deployment(name string) *apps.Deployment {
	return &apps.Deployment{ObjectMeta: named(name), Spec: apps.DeploymentSpec{
		Replicas: ref(int32(0)), Selector: selector(), Template: template(),
		Strategy: apps.DeploymentStrategy{RollingUpdate: &apps.RollingUpdateDeployment{MaxSurge: ref(intstr.FromString("30%")), MaxUnavailable: ref(intstr.FromInt32(0))}},
	}}
}

func replicaSet() *apps.ReplicaSet {
	return &apps.ReplicaSet{ObjectMeta: named("whole"), Spec: apps.ReplicaSetSpec{Replicas: ref(int32(0)), Selector: selector(), Template: template()}}
}

func statefulSet() *apps.StatefulSet {
	claim := volumeClaim()
	return &apps.StatefulSet{ObjectMeta: named("whole"), Spec: apps.StatefulSetSpec{
		Replicas: ref(int32(0)), Selector: selector(), Template: template(), ServiceName: "none", VolumeClaimTemplates: []core.PersistentVolumeClaim{*claim},
	}}
}

func daemonSet() *apps.DaemonSet {
	pods := template()
	pods.Spec.NodeSelector = map[string]string{"no-such": "node"}
	return &apps.DaemonSet{ObjectMeta: named("whole"), Spec: apps.DaemonSetSpec{Selector: selector(), Template: pods}}
}

func controllerRevision() *apps.ControllerRevision {
	return &apps.ControllerRevision{ObjectMeta: named("whole"), Revision: 1 << 40, Data: runtime.RawExtension{Raw: []byte(`{"spec":{"a":[1,"x",null]}}`)}}
}

func job() *batch.Job {
	pods := template()
	pods.Spec.RestartPolicy = core.RestartPolicyNever
	return &batch.Job{ObjectMeta: named("whole"), Spec: batch.JobSpec{Suspend: ref(true), Completions: ref(int32(2)), Template: core.PodTemplateSpec{Spec: pods.Spec}}}
}

func cronJob() *batch.CronJob {
	return &batch.CronJob{ObjectMeta: named("whole"), Spec: batch.CronJobSpec{
		Schedule: "0 0 1 1 *", TimeZone: ref("Etc/UTC"), Suspend: ref(true), JobTemplate: batch.JobTemplateSpec{Spec: job().Spec},
	}}
}

func autoscaler() *autoscaling.HorizontalPodAutoscaler {
	return &autoscaling.HorizontalPodAutoscaler{ObjectMeta: named("whole"), Spec: autoscaling.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscaling.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "none"}, MaxReplicas: 3,
		Metrics: []autoscaling.MetricSpec{{Type: autoscaling.ResourceMetricSourceType, Resource: &autoscaling.ResourceMetricSource{
			Name: "memory", Target: autoscaling.MetricTarget{Type: autoscaling.AverageValueMetricType, AverageValue: ref(resource.MustParse("100Mi"))},
		}}},
	}}
}

func oldAutoscaler() *autoscaling1.HorizontalPodAutoscaler {
	return &autoscaling1.HorizontalPodAutoscaler{ObjectMeta: named("old-whole"), Spec: autoscaling1.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscaling1.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "none"},
		MaxReplicas:    3, TargetCPUUtilizationPercentage: ref(int32(70)),
	}}
}

func disruptionBudget() *policy.PodDisruptionBudget {
	return &policy.PodDisruptionBudget{ObjectMeta: named("whole"), Spec: policy.PodDisruptionBudgetSpec{
		MaxUnavailable: ref(intstr.FromString("10%")), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "none"}},
	}}
}

func signingRequest(name string) *certificates.CertificateSigningRequest {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "client-go"}}, key)
	if err != nil {
		panic(err)
	}
	return &certificates.CertificateSigningRequest{ObjectMeta: named(name), Spec: certificates.CertificateSigningRequestSpec{
		Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}),
		SignerName: "kubernetes.io/kube-apiserver-client", Usages: []certificates.KeyUsage{certificates.UsageClientAuth},
	}}
}
