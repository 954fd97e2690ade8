import type { UnstructuredObject } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { eventsConversion } from "./events.ts";
import { autoscalerConversion } from "./horizontal-pod-autoscaler.ts";

const metadata = { name: "a", namespace: "b" };

test("an event has other names in its own group, and comes back as it was", () => {
  const stored = {
    apiVersion: "v1",
    kind: "Event",
    metadata,
    involvedObject: { kind: "Pod", name: "p" },
    message: "text",
    source: { component: "kubelet" },
    count: 2,
    reportingComponent: "kubelet",
    eventTime: null,
  };
  const converted = eventsConversion.fromStorage(stored);
  expect(converted).toEqual({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata,
    regarding: { kind: "Pod", name: "p" },
    note: "text",
    deprecatedSource: { component: "kubelet" },
    deprecatedCount: 2,
    reportingController: "kubelet",
    eventTime: null,
  });
  expect(eventsConversion.toStorage(converted)).toEqual(stored);
});

function autoscaler(spec: object, status?: object): UnstructuredObject {
  const scaleTargetRef = { kind: "Deployment", name: "d" };
  const object = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata,
    spec: { scaleTargetRef, maxReplicas: 3, ...spec },
  };
  return status === undefined ? object : { ...object, status };
}
const cpu = (averageUtilization: number) => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});

test("autoscaling/v1 has the processor's utilization as a field", () => {
  const old = autoscalerConversion.fromStorage(autoscaler({ metrics: [cpu(80)] }));
  expect(old).toMatchObject({ apiVersion: "autoscaling/v1", metadata, spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 80 } });
  expect(old.metadata.annotations).toBeUndefined();
  expect(autoscalerConversion.toStorage(old)).toEqual(autoscaler({ metrics: [cpu(80)] }));
});

test("what autoscaling/v1 does not know goes into annotations and comes back", () => {
  const metrics = [
    { type: "Pods", pods: { metric: { name: "requests" }, target: { type: "AverageValue", averageValue: "10" } } },
    {
      type: "External",
      external: { metric: { name: "queue", selector: { matchLabels: { a: "b" } } }, target: { type: "Value", value: "30" } },
    },
    {
      type: "Object",
      object: { describedObject: { kind: "Service", name: "s" }, metric: { name: "m" }, target: { type: "Value", value: "1" } },
    },
    cpu(50),
  ];
  const conditions = [{ type: "AbleToScale", status: "True" }];
  const currentMetrics = [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: 40, averageValue: "1m" } } }];
  const behavior = { scaleDown: { stabilizationWindowSeconds: 10 } };
  const stored = autoscaler({ metrics, behavior }, { currentReplicas: 1, desiredReplicas: 2, conditions, currentMetrics });
  const old = autoscalerConversion.fromStorage(stored);
  expect(old["status"]).toEqual({ currentReplicas: 1, desiredReplicas: 2, currentCPUUtilizationPercentage: 40 });
  expect(JSON.parse(old.metadata.annotations?.["autoscaling.alpha.kubernetes.io/metrics"] ?? "")).toEqual([
    { type: "Pods", pods: { metricName: "requests", targetAverageValue: "10" } },
    { type: "External", external: { metricName: "queue", metricSelector: { matchLabels: { a: "b" } }, targetValue: "30" } },
    { type: "Object", object: { target: { kind: "Service", name: "s" }, metricName: "m", targetValue: "1" } },
  ]);
  expect(autoscalerConversion.toStorage(old)).toEqual(stored);
});
