/** Every verb of every kind that the official suite goes through, over bare HTTPS. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import { runOperations, type Subject } from "./operations.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("operations");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const namespace = "default";
const template = {
  metadata: { labels: { app: "operations" } },
  spec: { containers: [{ name: "c", image: "registry.example/pause" }], restartPolicy: "Never" },
};
const condition = { type: "Tested", status: "True", reason: "Test", message: "by a test", lastTransitionTime: "2026-01-01T00:00:00Z" };
const matchResources = {
  resourceRules: [{ apiGroups: ["none.example.com"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["things"] }],
};
const subjects: readonly (readonly [string, Subject])[] = [
  [
    official("api-machinery", "API priority and fairness should support FlowSchema API operations"),
    {
      apiVersion: "flowcontrol.apiserver.k8s.io/v1",
      kind: "FlowSchema",
      resource: "flowschemas",
      body: {
        spec: {
          matchingPrecedence: 10000,
          priorityLevelConfiguration: { name: "global-default" },
          rules: [
            { subjects: [{ kind: "User", user: { name: "example" } }], nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }] },
          ],
        },
      },
      change: { spec: { matchingPrecedence: 9999 } },
      status: {
        conditions: [{ type: "Test", status: "False", reason: "Test", message: "by a test", lastTransitionTime: "2026-01-01T00:00:00Z" }],
      },
    },
  ],
  [
    official("api-machinery", "API priority and fairness should support PriorityLevelConfiguration API operations"),
    {
      apiVersion: "flowcontrol.apiserver.k8s.io/v1",
      kind: "PriorityLevelConfiguration",
      resource: "prioritylevelconfigurations",
      body: { spec: { type: "Limited", limited: { nominalConcurrencyShares: 2, limitResponse: { type: "Reject" } } } },
      change: { spec: { limited: { nominalConcurrencyShares: 4 } } },
      status: { conditions: [condition] },
    },
  ],
  [
    official(
      "api-machinery",
      "ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations",
    ),
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      resource: "validatingadmissionpolicybindings",
      body: { spec: { policyName: "none.example.com", validationActions: ["Deny"] } },
      change: { spec: { validationActions: ["Warn"] } },
    },
  ],
  [
    official(
      "api-machinery",
      "ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations",
    ),
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      resource: "validatingadmissionpolicies",
      body: { spec: { matchConstraints: matchResources, validations: [{ expression: "true" }], failurePolicy: "Ignore" } },
      change: { spec: { failurePolicy: "Fail" } },
      status: { conditions: [condition] },
    },
  ],
  [
    official("api-machinery", "MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations"),
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingAdmissionPolicy",
      resource: "mutatingadmissionpolicies",
      body: {
        spec: {
          matchConstraints: matchResources,
          reinvocationPolicy: "Never",
          mutations: [
            {
              patchType: "ApplyConfiguration",
              applyConfiguration: { expression: "Object{metadata: Object.metadata{labels: {'a': 'b'}}}" },
            },
          ],
        },
      },
      change: { spec: { failurePolicy: "Ignore" } },
    },
  ],
  [
    official(
      "api-machinery",
      "MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations",
    ),
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingAdmissionPolicyBinding",
      resource: "mutatingadmissionpolicybindings",
      body: { spec: { policyName: "none.example.com" } },
    },
  ],
  [
    official("apps", "CronJob should support CronJob API operations"),
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      resource: "cronjobs",
      namespace,
      body: { spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: { template } } } },
      change: { spec: { concurrencyPolicy: "Forbid" } },
      status: { lastScheduleTime: "2026-01-01T00:00:00Z" },
    },
  ],
  [
    official("network", "EndpointSlice should support creating EndpointSlice API operations"),
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      resource: "endpointslices",
      namespace,
      body: { addressType: "IPv4", endpoints: [{ addresses: ["10.1.2.3"] }], ports: [{ name: "a", port: 80, protocol: "TCP" }] },
      change: { endpoints: [{ addresses: ["10.1.2.4"] }] },
    },
  ],
  [
    official("network", "Ingress API should support creating Ingress API operations"),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      resource: "ingresses",
      namespace,
      body: { spec: { defaultBackend: { service: { name: "none", port: { number: 80 } } } } },
      change: { spec: { ingressClassName: "other" } },
      status: { loadBalancer: { ingress: [{ ip: "169.1.1.1" }] } },
    },
  ],
  [
    official("network", "IngressClass API should support creating IngressClass API operations"),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      resource: "ingressclasses",
      body: { spec: { controller: "example.com/controller" } },
      change: { spec: { parameters: { apiGroup: "example.com", kind: "Parameters", name: "p", scope: "Cluster" } } },
    },
  ],
  [
    official("network", "ServiceCIDR and IPAddress API should support IPAddress API operations"),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IPAddress",
      resource: "ipaddresses",
      name: "192.168.77.7",
      body: { spec: { parentRef: { resource: "services", namespace: "default", name: "none" } } },
    },
  ],
  [
    official("network", "ServiceCIDR and IPAddress API should support ServiceCIDR API operations"),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "ServiceCIDR",
      resource: "servicecidrs",
      body: { spec: { cidrs: ["10.254.0.0/24"] } },
      status: { conditions: [condition] },
    },
  ],
  [
    official("storage", "CSIStorageCapacity should support CSIStorageCapacities API operations"),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIStorageCapacity",
      resource: "csistoragecapacities",
      namespace,
      body: { storageClassName: "none", capacity: "1Gi" },
      change: { maximumVolumeSize: "512Mi" },
    },
  ],
  [
    official("storage", "CSIInlineVolumes should run through the lifecycle of a CSIDriver"),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      resource: "csidrivers",
      body: { spec: { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: ["Ephemeral"] } },
    },
  ],
  [
    official("storage", "CSINodes CSI Conformance should run through the lifecycle of a csinode"),
    { apiVersion: "storage.k8s.io/v1", kind: "CSINode", resource: "csinodes", body: { spec: { drivers: [] } } },
  ],
  [
    official("storage", "StorageClasses CSI Conformance should run through the lifecycle of a StorageClass"),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      resource: "storageclasses",
      body: { provisioner: "example.com/provisioner" },
      change: { allowVolumeExpansion: true },
    },
  ],
  [
    official("storage", "VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment"),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      resource: "volumeattachments",
      body: { spec: { attacher: "a.example.com", nodeName: "n", source: { persistentVolumeName: "pv" } } },
    },
  ],
  [
    official("storage", "VolumeAttachment Conformance should apply changes to a volumeattachment status"),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      resource: "volumeattachments",
      body: { spec: { attacher: "a.example.com", nodeName: "n", source: { persistentVolumeName: "pv" } } },
      status: { attached: true },
    },
  ],
  [
    official(
      "storage",
      "VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass",
    ),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttributesClass",
      resource: "volumeattributesclasses",
      body: { driverName: "example.com/driver", parameters: { iops: "100" } },
    },
  ],
  [
    official("node", "PodTemplates should run the lifecycle of PodTemplates"),
    {
      apiVersion: "v1",
      kind: "PodTemplate",
      resource: "podtemplates",
      namespace,
      body: { template },
      change: { template: { metadata: { labels: { pt: "patched" } } } },
    },
  ],
  [
    official("node", "PodTemplates should delete a collection of pod templates"),
    { apiVersion: "v1", kind: "PodTemplate", resource: "podtemplates", namespace, body: { template } },
  ],
  [
    official("node", "PodTemplates should replace a pod template"),
    { apiVersion: "v1", kind: "PodTemplate", resource: "podtemplates", namespace, body: { template } },
  ],
  [
    official("node", "ConfigMap should run through a ConfigMap lifecycle"),
    { apiVersion: "v1", kind: "ConfigMap", resource: "configmaps", namespace, body: { data: { a: "1" } }, change: { data: { a: "2" } } },
  ],
  [
    official("node", "Secrets should patch a secret"),
    {
      apiVersion: "v1",
      kind: "Secret",
      resource: "secrets",
      namespace,
      body: { data: { key: "dmFsdWU=" } },
      change: { data: { key: "dmFsdWUx" } },
    },
  ],
  [
    official("node", "Lease lease API should be available"),
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      resource: "leases",
      namespace,
      body: { spec: { holderIdentity: "h", leaseDurationSeconds: 30, acquireTime: "2026-01-01T00:00:00.000001Z", leaseTransitions: 0 } },
      change: { spec: { leaseTransitions: 1 } },
    },
  ],
  [
    official("network", "Endpoints should test the lifecycle of an Endpoint"),
    {
      apiVersion: "v1",
      kind: "Endpoints",
      resource: "endpoints",
      namespace,
      body: { subsets: [{ addresses: [{ ip: "10.0.0.24" }], ports: [{ name: "http", port: 80, protocol: "TCP" }] }] },
    },
  ],
  [
    official("instrumentation", "Events should manage the lifecycle of an event"),
    {
      apiVersion: "v1",
      kind: "Event",
      resource: "events",
      namespace,
      body: { involvedObject: { kind: "Pod", namespace, name: "p" }, message: "m", reason: "Test", type: "Normal" },
      change: { message: "another" },
    },
  ],
  [
    official("instrumentation", "Events should delete a collection of events"),
    {
      apiVersion: "v1",
      kind: "Event",
      resource: "events",
      namespace,
      body: { involvedObject: { kind: "Pod", namespace, name: "p" }, message: "m", reason: "Test" },
    },
  ],
  [
    official("instrumentation", "Events API should ensure that an event can be fetched, patched, deleted, and listed"),
    {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      resource: "events",
      namespace,
      body: {
        regarding: { kind: "Pod", namespace, name: "p" },
        eventTime: "2026-01-01T00:00:00.000000Z",
        reportingController: "test",
        reportingInstance: "t-1",
        action: "Do",
        reason: "Test",
        type: "Normal",
      },
      change: { series: { count: 2, lastObservedTime: "2026-01-01T00:01:00.000000Z" } },
    },
  ],
  [
    official("instrumentation", "Events API should delete a collection of events"),
    {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      resource: "events",
      namespace,
      body: {
        regarding: { kind: "Pod", namespace, name: "p" },
        eventTime: "2026-01-01T00:00:00.000000Z",
        reportingController: "test",
        reportingInstance: "t-1",
        action: "Do",
        reason: "Test",
        type: "Normal",
      },
    },
  ],
  [
    official("node", "RuntimeClass should support RuntimeClasses API operations"),
    { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", resource: "runtimeclasses", body: { handler: "test-handler" } },
  ],
  [
    official(
      "scheduling",
      "SchedulerPreemption [Serial] PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods",
    ),
    {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      resource: "priorityclasses",
      body: { value: 100 },
      change: { description: "patched" },
    },
  ],
  [
    official("scheduling", "LimitRange should list, patch and delete a LimitRange by collection"),
    {
      apiVersion: "v1",
      kind: "LimitRange",
      resource: "limitranges",
      namespace,
      body: { spec: { limits: [{ type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "200m" } }] } },
    },
  ],
  [
    official("auth", "ServiceAccounts should run through the lifecycle of a ServiceAccount"),
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      resource: "serviceaccounts",
      namespace,
      body: {},
      change: { automountServiceAccountToken: false },
    },
  ],
  [
    official("network", "Services should delete a collection of services"),
    { apiVersion: "v1", kind: "Service", resource: "services", namespace, body: { spec: { ports: [{ port: 80 }] } } },
  ],
  [
    official("network", "Services should complete a service status lifecycle"),
    {
      apiVersion: "v1",
      kind: "Service",
      resource: "services",
      namespace,
      body: { spec: { type: "LoadBalancer", ports: [{ port: 80 }] } },
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } },
    },
  ],
  [
    official("node", "Node Lifecycle should run through the lifecycle of a node"),
    {
      apiVersion: "v1",
      kind: "Node",
      resource: "nodes",
      body: { spec: { unschedulable: true } },
      status: { capacity: { cpu: "1" } },
    },
  ],
  [
    official("node", "[DRA] CRUD Tests resource.k8s.io/v1 DeviceClass"),
    {
      apiVersion: "resource.k8s.io/v1",
      kind: "DeviceClass",
      resource: "deviceclasses",
      body: { spec: { selectors: [{ cel: { expression: "device.driver == 'gpu.example.com'" } }] } },
    },
  ],
  [
    official("node", "[DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim"),
    {
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceClaim",
      resource: "resourceclaims",
      namespace,
      body: { spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "none" } }] } } },
    },
  ],
  [
    official("node", "[DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate"),
    {
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceClaimTemplate",
      resource: "resourceclaimtemplates",
      namespace,
      body: { spec: { spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "none" } }] } } } },
    },
  ],
  [
    official("node", "[DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice"),
    {
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceSlice",
      resource: "resourceslices",
      body: {
        spec: {
          driver: "gpu.example.com",
          pool: { name: "p", generation: 1, resourceSliceCount: 1 },
          nodeName: "n",
          devices: [{ name: "d" }],
        },
      },
    },
  ],
];

describe("API operations", () => {
  it.each(subjects)("%s", async (_, subject) => {
    await runOperations(api, subject);
  });
});
