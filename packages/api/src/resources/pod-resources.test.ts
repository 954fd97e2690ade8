import { expect, test } from "vitest";
import type { Pod, PodSpec, PodStatus } from "../generated/types.ts";
import { hasPodLevelResources, podLimits, podRequests } from "./pod-resources.ts";
import { resourceAmount, readResources, writeResources } from "./resource-list.ts";

function pod(spec: Partial<PodSpec>, status: PodStatus = {}): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [], ...spec }, status };
}

const requests = (cpu: string, memory?: string) => ({ resources: { requests: { cpu, ...(memory !== undefined && { memory }) } } });

test("containers add up; one init container counts when it is greater", () => {
  const containers = [
    { name: "a", ...requests("100m", "1Gi") },
    { name: "b", ...requests("0.2", "512Mi") },
  ];
  expect(writeResources(podRequests(pod({ containers })))).toEqual({ cpu: "300m", memory: "1536Mi" });
  const initContainers = [{ name: "i", ...requests("1", "1Mi") }];
  expect(writeResources(podRequests(pod({ containers, initContainers })))).toEqual({ cpu: "1", memory: "1536Mi" });
});

test("sidecars count beside the containers and beside later init containers", () => {
  const sidecar = { name: "s", restartPolicy: "Always", ...requests("200m") };
  const before = { name: "before", ...requests("900m") };
  const after = { name: "after", ...requests("900m") };
  const containers = [{ name: "c", ...requests("100m") }];
  expect(writeResources(podRequests(pod({ containers, initContainers: [before, sidecar] })))).toEqual({ cpu: "900m" });
  expect(writeResources(podRequests(pod({ containers, initContainers: [sidecar, after] })))).toEqual({ cpu: "1100m" });
  expect(writeResources(podRequests(pod({ containers, initContainers: [sidecar] })))).toEqual({ cpu: "300m" });
});

test("pod-level cpu, memory and huge pages replace the sum; others do not", () => {
  const resources = { requests: { cpu: "2", "hugepages-2Mi": "4Mi", "example.com/gpu": "9" } };
  const containers = [{ name: "c", resources: { requests: { cpu: "1", memory: "1Mi", "example.com/gpu": "1" } } }];
  const whole = pod({ containers, resources });
  expect(writeResources(podRequests(whole))).toEqual({ cpu: "2", "example.com/gpu": "1", "hugepages-2Mi": "4Mi", memory: "1Mi" });
  expect(hasPodLevelResources(whole)).toBe(true);
  expect(hasPodLevelResources(pod({ containers, resources: { requests: { "example.com/gpu": "1" } } }))).toBe(false);
});

test("overhead is added to requests, and to limits that exist", () => {
  const containers = [{ name: "c", resources: { requests: { cpu: "1" }, limits: { cpu: "2" } } }];
  const whole = pod({ containers, overhead: { cpu: "250m", memory: "64Mi" } });
  expect(writeResources(podRequests(whole))).toEqual({ cpu: "1250m", memory: "64Mi" });
  expect(writeResources(podLimits(whole))).toEqual({ cpu: "2250m" });
  expect(writeResources(podRequests(whole, { includesOverhead: false }))).toEqual({ cpu: "1" });
});

test("a resize counts with the most that the container has or is to get, unless the node cannot give it", () => {
  const containers = [{ name: "c", ...requests("500m") }];
  const containerStatuses = [
    {
      name: "c",
      ready: true,
      restartCount: 0,
      image: "i",
      imageID: "i",
      resources: { requests: { cpu: "300m" } },
      allocatedResources: { cpu: "400m" },
    },
  ];
  expect(writeResources(podRequests(pod({ containers }, { containerStatuses })))).toEqual({ cpu: "500m" });
  expect(writeResources(podRequests(pod({ containers }, { containerStatuses }), { countsStatus: true }))).toEqual({ cpu: "500m" });
  const conditions = [{ type: "PodResizePending", status: "True", reason: "Infeasible" }];
  const infeasible = pod({ containers }, { containerStatuses, conditions });
  expect(writeResources(podRequests(infeasible, { countsStatus: true }))).toEqual({ cpu: "400m" });
});

test("nodes count millicores and whole bytes", () => {
  const exact = readResources({ cpu: "0.0005", memory: "1500m" });
  const amounts = [...exact].map(([name, quantity]) => resourceAmount(name, quantity));
  expect(amounts).toEqual([1, 2]);
});
