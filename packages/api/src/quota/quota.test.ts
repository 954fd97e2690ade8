import type { UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, test } from "vitest";
import { writeResources } from "../resources/resource-list.ts";
import type { ResourceQuota, ResourceQuotaSpec } from "../generated/types.ts";
import { quotaMatches, type QuotaEvaluator, type QuotaWrite } from "./evaluator.ts";
import { quotaEvaluator } from "./evaluators.ts";
import { calculateUsage } from "./usage.ts";

const pods = quotaEvaluator("pods") as QuotaEvaluator;
const services = quotaEvaluator("services") as QuotaEvaluator;
const claims = quotaEvaluator("persistentvolumeclaims") as QuotaEvaluator;

function object(spec: unknown, more: Record<string, unknown> = {}): UnstructuredObject {
  return { apiVersion: "v1", kind: "Any", metadata: { name: "x", namespace: "ns" }, spec, ...more };
}

const used = (evaluator: QuotaEvaluator, item: UnstructuredObject): Record<string, string> => writeResources(evaluator.usage(item, 0));

describe("pods", () => {
  const requests = { cpu: "1", memory: "1Gi", "ephemeral-storage": "1Gi", "hugepages-2Mi": "4Mi", "example.com/gpu": "2" };
  const pod = object({ containers: [{ name: "c", resources: { requests, limits: { cpu: "2" } } }] });

  test("use what they ask for", () => {
    expect(used(pods, pod)).toEqual({
      "count/pods": "1",
      cpu: "1",
      "ephemeral-storage": "1Gi",
      "hugepages-2Mi": "4Mi",
      "limits.cpu": "2",
      memory: "1Gi",
      pods: "1",
      "requests.cpu": "1",
      "requests.ephemeral-storage": "1Gi",
      "requests.example.com/gpu": "2",
      "requests.hugepages-2Mi": "4Mi",
      "requests.memory": "1Gi",
    });
  });

  test("that have ended, or should have, are only counted", () => {
    expect(used(pods, { ...pod, status: { phase: "Succeeded" } })).toEqual({ "count/pods": "1" });
    expect(used(pods, { ...pod, status: { phase: "Failed" } })).toEqual({ "count/pods": "1" });
    const metadata = { name: "x", deletionTimestamp: "1970-01-01T00:01:00Z", deletionGracePeriodSeconds: 30 };
    expect(Object.keys(writeResources(pods.usage({ ...pod, metadata }, 90_000)))).toContain("pods");
    expect(writeResources(pods.usage({ ...pod, metadata }, 90_001))).toEqual({ "count/pods": "1" });
    expect(pods.isReplenishing?.(pod, { ...pod, status: { phase: "Failed" } }, 0)).toBe(true);
    expect(pods.isReplenishing?.(pod, { ...pod, status: { phase: "Running" } }, 0)).toBe(false);
  });

  test("are matched by names of their own, huge pages and requests of extended resources", () => {
    const names = ["limits.memory", "requests.hugepages-1Gi", "requests.nvidia.com/gpu", "nvidia.com/gpu", "secrets", "count/pods"];
    expect(pods.matching(names)).toEqual(["limits.memory", "count/pods", "requests.hugepages-1Gi", "requests.nvidia.com/gpu"]);
    expect(pods.matching(["requests.deviceclass.resource.kubernetes.io/x", "requests.kubernetes.io/x"])).toEqual([
      "requests.deviceclass.resource.kubernetes.io/x",
    ]);
  });

  test("must say cpu and memory where these are limited, unless the pod as a whole does", () => {
    const bare = object({ initContainers: [{ name: "i" }], containers: [{ name: "b" }, { name: "a" }] });
    expect(pods.missing?.(["limits.cpu", "memory", "pods", "limits.ephemeral-storage"], bare)).toBe(
      "must specify limits.cpu for: a,b,i; memory for: a,b,i",
    );
    expect(pods.missing?.(["cpu", "requests.memory"], pod)).toBeUndefined();
    const whole = object({ containers: [{ name: "a" }], resources: { limits: { cpu: "1" } } });
    expect(pods.missing?.(["memory"], whole)).toBeUndefined();
  });

  test("count on creation, resize and change of scope", () => {
    const write = (part: Partial<QuotaWrite>): boolean =>
      pods.handles({ operation: "UPDATE", subresource: "", object: pod, old: pod, ...part });
    expect(write({ operation: "CREATE" })).toBe(true);
    expect(write({})).toBe(false);
    expect(write({ object: object({ activeDeadlineSeconds: 5 }) })).toBe(true);
    expect(write({ subresource: "resize" })).toBe(true);
    expect(write({ operation: "CREATE", subresource: "binding" })).toBe(false);
  });
});

describe("scopes", () => {
  const scope = (scopeName: string, operator = "Exists", values?: string[]) => ({ scopeName, operator, ...(values && { values }) });
  const limited = (cpu: string) => ({ containers: [{ name: "c", resources: { limits: { cpu } } }] });
  const term = { topologyKey: "k", namespaces: ["other"] };
  test.each([
    [scope("Terminating"), { activeDeadlineSeconds: 0 }, true],
    [scope("Terminating"), {}, false],
    [scope("NotTerminating"), {}, true],
    [scope("BestEffort"), limited("0"), true],
    [scope("BestEffort"), limited("1"), false],
    [scope("BestEffort"), { ...limited("1"), resources: {} }, true],
    [scope("NotBestEffort"), limited("1"), true],
    [scope("PriorityClass"), { priorityClassName: "high" }, true],
    [scope("PriorityClass"), {}, false],
    [scope("PriorityClass", "DoesNotExist"), {}, true],
    [scope("PriorityClass", "In", ["high"]), { priorityClassName: "high" }, true],
    [scope("PriorityClass", "In", ["high"]), {}, false],
    [scope("PriorityClass", "NotIn", ["high"]), { priorityClassName: "low" }, true],
    [scope("PriorityClass", "NotIn", ["high"]), {}, true],
    [scope("CrossNamespacePodAffinity"), { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }, true],
    [
      scope("CrossNamespacePodAffinity"),
      { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] } } },
      true,
    ],
    [scope("CrossNamespacePodAffinity"), {}, false],
    [scope("VolumeAttributesClass"), {}, false],
  ])("%j selects a pod with %j: %s", (selector, spec, expected) => {
    expect(pods.matchesScope(selector, object(spec))).toBe(expected);
  });

  test("all scopes of a quota have to match", () => {
    const spec = { scopes: ["NotTerminating"], scopeSelector: { matchExpressions: [scope("PriorityClass", "In", ["high"])] } };
    const quota: ResourceQuota = { apiVersion: "v1", kind: "ResourceQuota", metadata: {}, spec, status: { hard: { pods: "1" } } };
    expect(quotaMatches(quota, pods, object({ priorityClassName: "high" }))).toBe(true);
    expect(quotaMatches(quota, pods, object({ priorityClassName: "low" }))).toBe(false);
    expect(quotaMatches(quota, pods, object({ priorityClassName: "high", activeDeadlineSeconds: 1 }))).toBe(false);
    expect(quotaMatches({ ...quota, status: { hard: { secrets: "1" } } }, pods, object({ priorityClassName: "high" }))).toBe(false);
  });

  test("claims are selected by any of their volume attributes classes", () => {
    const claim = object({ volumeAttributesClassName: "gold" }, { status: { currentVolumeAttributesClassName: "silver" } });
    expect(claims.matchesScope(scope("VolumeAttributesClass", "In", ["silver"]), claim)).toBe(true);
    expect(claims.matchesScope(scope("VolumeAttributesClass", "In", ["bronze"]), claim)).toBe(false);
    expect(claims.matchesScope(scope("VolumeAttributesClass", "DoesNotExist"), object({}))).toBe(true);
  });
});

describe("services", () => {
  const ports = [{ port: 80 }, { port: 81, nodePort: 30_000 }];
  const base = { "count/services": "1", services: "1" };
  test.each([
    [{ ports }, "0", "0"],
    [{ type: "NodePort", ports }, "2", "0"],
    [{ type: "LoadBalancer", ports }, "2", "1"],
    [{ type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports }, "1", "1"],
  ])("%j", (spec, nodePorts, loadBalancers) => {
    expect(used(services, object(spec))).toEqual({ ...base, "services.nodeports": nodePorts, "services.loadbalancers": loadBalancers });
  });
});

describe("volume claims", () => {
  test("use storage, also in the name of their class", () => {
    const claim = object({ storageClassName: "gold", resources: { requests: { storage: "1500m" } } });
    expect(used(claims, claim)).toEqual({
      "count/persistentvolumeclaims": "1",
      "gold.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
      "gold.storageclass.storage.k8s.io/requests.storage": "2",
      persistentvolumeclaims: "1",
      "requests.storage": "2",
    });
    expect(claims.matching(["gold.storageclass.storage.k8s.io/requests.storage", "requests.storage", "pods"])).toHaveLength(2);
  });

  test("use what a growth that was taken back still holds", () => {
    const claim = object({ resources: { requests: { storage: "1Gi" } } }, { status: { allocatedResources: { storage: "2Gi" } } });
    expect(used(claims, claim)["requests.storage"]).toBe("2Gi");
  });
});

test("claims of devices count by device class, of alternatives the most", () => {
  const evaluator = quotaEvaluator("resourceclaims.resource.k8s.io") as QuotaEvaluator;
  const requests = [
    { name: "a", exactly: { deviceClassName: "gpu", allocationMode: "ExactCount", count: 2 } },
    {
      name: "b",
      firstAvailable: [
        { name: "1", deviceClassName: "gpu", allocationMode: "ExactCount", count: 3 },
        { name: "2", deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 },
        { name: "3", deviceClassName: "tpu", allocationMode: "All" },
      ],
    },
  ];
  expect(used(evaluator, object({ devices: { requests } }))).toEqual({
    "count/resourceclaims.resource.k8s.io": "1",
    "gpu.deviceclass.resource.k8s.io/devices": "5",
    "tpu.deviceclass.resource.k8s.io/devices": "32",
  });
});

test("every other resource is counted, some under an older name too", () => {
  expect(used(quotaEvaluator("secrets") as QuotaEvaluator, object({}))).toEqual({ "count/secrets": "1", secrets: "1" });
  expect(used(quotaEvaluator("widgets.example.com") as QuotaEvaluator, object({}))).toEqual({ "count/widgets.example.com": "1" });
  expect(quotaEvaluator("events")).toBeUndefined();
});

test("use is summed per name, in scope only, and is zero where nothing is", () => {
  const quota = (spec: ResourceQuotaSpec): ResourceQuota => ({ apiVersion: "v1", kind: "ResourceQuota", metadata: {}, spec });
  const listed: Record<string, UnstructuredObject[]> = {
    pods: [object({ containers: [{ name: "c", resources: { requests: { cpu: "300m" } } }] }), object({ activeDeadlineSeconds: 1 })],
    secrets: [object({})],
  };
  const evaluators = ["pods", "services", "secrets"].map((name) => quotaEvaluator(name) as QuotaEvaluator);
  const sources = { evaluators, list: (resource: string) => listed[resource] ?? [], nowMs: 0 };
  const hard = { pods: "5", "requests.cpu": "1", services: "1", secrets: "1", "unknown.example.com/x": "1" };
  expect(writeResources(calculateUsage(quota({ hard }), sources))).toEqual({
    pods: "2",
    "requests.cpu": "300m",
    services: "0",
    secrets: "1",
  });
  expect(writeResources(calculateUsage(quota({ hard: { pods: "5", secrets: "1" }, scopes: ["Terminating"] }), sources))).toEqual({
    pods: "1",
    secrets: "0",
  });
});
