import type { UnstructuredObject } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { builtInDefinitions } from "../builtin/definitions.ts";

const nowMs = Date.parse("2026-01-10T00:00:00Z");
const ago = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();
const definitions = builtInDefinitions();

function print(resource: string, object: object, group?: string): unknown[] {
  const definition = definitions.find((each) => each.resource === resource && (group === undefined || each.group === group));
  const metadata = { name: "x", creationTimestamp: ago(90), ...(object as UnstructuredObject).metadata };
  const full = { apiVersion: "", kind: "", ...object, metadata };
  return (definition?.versions[0]?.columns ?? []).map((column) => column.cell(full, nowMs));
}

function pod(statuses: object[], more: { spec?: object; status?: object; metadata?: object; init?: object[] } = {}): unknown[] {
  const named = (list: object[]) => list.map((status, index) => ({ name: `c${index}`, restartCount: 0, ready: false, ...status }));
  return print("pods", {
    metadata: more.metadata,
    spec: { containers: named(statuses), ...(more.init && { initContainers: named(more.init) }), ...more.spec },
    status: {
      phase: "Running",
      containerStatuses: named(statuses),
      ...(more.init && { initContainerStatuses: named(more.init) }),
      ...more.status,
    },
  }).slice(1, 4);
}

const running = { ready: true, state: { running: {} } };
const waiting = (reason: string) => ({ state: { waiting: { reason } } });
const ended = (exitCode: number, reason?: string) => ({ state: { terminated: { exitCode, reason } } });

test.each([
  ["running", pod([running]), ["1/1", "Running", "0"]],
  ["one of two ready", pod([running, { state: { running: {} } }]), ["1/2", "Running", "0"]],
  [
    "crashing",
    pod([{ ...waiting("CrashLoopBackOff"), restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: ago(3) } } }]),
    ["0/1", "CrashLoopBackOff", "2 (3m ago)"],
  ],
  ["completed", pod([ended(0, "Completed")], { status: { phase: "Succeeded" } }), ["0/1", "Completed", "0"]],
  ["failed", pod([ended(1, "Error")], { status: { phase: "Failed" } }), ["0/1", "Error", "0"]],
  ["failed without a reason", pod([ended(3)], { status: { phase: "Failed" } }), ["0/1", "ExitCode:3", "0"]],
  ["going", pod([running], { metadata: { deletionTimestamp: ago(0) } }), ["1/1", "Terminating", "0"]],
  ["lost", pod([running], { metadata: { deletionTimestamp: ago(0) }, status: { reason: "NodeLost" } }), ["1/1", "Unknown", "0"]],
  [
    "gated",
    pod([], { status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] } }),
    ["0/0", "SchedulingGated", "0"],
  ],
  ["evicted", pod([], { status: { phase: "Failed", reason: "Evicted" } }), ["0/0", "Evicted", "0"]],
  [
    "starting its second init container",
    pod([waiting("PodInitializing")], { status: { phase: "Pending" }, init: [ended(0, "Completed"), waiting("PodInitializing")] }),
    ["0/1", "Init:1/2", "0"],
  ],
  [
    "failing to start",
    pod([waiting("PodInitializing")], { status: { phase: "Pending" }, init: [{ ...waiting("CrashLoopBackOff"), restartCount: 4 }] }),
    ["0/1", "Init:CrashLoopBackOff", "4"],
  ],
  [
    "past its init containers",
    pod([waiting("PodInitializing")], { status: { phase: "Pending" }, init: [ended(0)] }),
    ["0/1", "PodInitializing", "0"],
  ],
  [
    "with a sidecar",
    pod([running], {
      spec: { initContainers: [{ name: "c0", restartPolicy: "Always" }] },
      status: { initContainerStatuses: [{ name: "c0", ready: true, started: true, restartCount: 1, state: { running: {} } }] },
    }),
    ["2/2", "Running", "1"],
  ],
])("a pod that is %s", (_name, cells, expected) => expect(cells).toEqual(expected));

test("wide cells of a pod", () => {
  const object = {
    spec: { containers: [], nodeName: "n", readinessGates: [{ conditionType: "a" }, { conditionType: "b" }] },
    status: { podIPs: [{ ip: "10.0.0.1" }], conditions: [{ type: "a", status: "True" }] },
  };
  expect(print("pods", object).slice(4)).toEqual(["90m", "10.0.0.1", "n", "<none>", "1/2"]);
});

test("finished pods have a row condition", () => {
  const version = definitions.find(({ resource }) => resource === "pods")?.versions[0];
  const object = { apiVersion: "v1", kind: "Pod", metadata: {}, status: { phase: "Succeeded" } };
  expect(version?.rowConditions?.(object)).toMatchObject([{ type: "Completed", status: "True", reason: "Succeeded" }]);
});

test("workloads", () => {
  const template = {
    spec: {
      containers: [
        { name: "a", image: "i:1" },
        { name: "b", image: "j" },
      ],
    },
  };
  const selector = { matchLabels: { b: "2", a: "1" } };
  const deployment = { spec: { replicas: 3, selector, template }, status: { readyReplicas: 1, updatedReplicas: 2 } };
  expect(print("deployments", deployment)).toEqual(["x", "1/3", 2, 0, "90m", "a,b", "i:1,j", "a=1,b=2"]);
  const job = { spec: { completions: 4, template }, status: { succeeded: 1, startTime: ago(5) } };
  expect(print("jobs", job).slice(0, 5)).toEqual(["x", "Running", "1/4", "5m", "90m"]);
  const cronJob = { spec: { schedule: "* * * * *", suspend: false, jobTemplate: {} } };
  expect(print("cronjobs", cronJob).slice(0, 7)).toEqual(["x", "* * * * *", "<none>", "False", 0, "<none>", "90m"]);
});

test("services, nodes, volumes and events", () => {
  const balanced = {
    spec: { type: "LoadBalancer", clusterIPs: ["10.0.0.1"], ports: [{ port: 80, nodePort: 30080, protocol: "TCP" }], selector: { a: "b" } },
    status: { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } },
  };
  expect(print("services", balanced)).toEqual(["x", "LoadBalancer", "10.0.0.1", "1.2.3.4", "80:30080/TCP", "90m", "a=b"]);
  expect(print("services", { spec: { type: "LoadBalancer" } })[3]).toBe("<pending>");
  const node = {
    metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } },
    spec: { unschedulable: true },
    status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { kubeletVersion: "v1.36.0" } },
  };
  expect(print("nodes", node).slice(0, 6)).toEqual(["x", "Ready,SchedulingDisabled", "control-plane", "90m", "v1.36.0", "<none>"]);
  const claim = { spec: { volumeName: "v" }, status: { phase: "Bound", capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] } };
  expect(print("persistentvolumeclaims", claim).slice(1, 5)).toEqual(["Bound", "v", "1Gi", "RWO"]);
  const event = {
    type: "Normal",
    reason: "Started",
    involvedObject: { kind: "Pod", name: "p" },
    message: "m ",
    eventTime: null,
    lastTimestamp: ago(1),
  };
  expect(print("events", event, "").slice(0, 7)).toEqual(["60s", "Normal", "Started", "pod/p", "", "", "m"]);
});

test("every column has a cell, and prints an object that has nothing", () => {
  for (const { versions, kind } of definitions) {
    for (const { columns } of versions) expect(columns.length, kind).toBeGreaterThan(0);
  }
  expect(print("horizontalpodautoscalers", {})).toEqual(["x", "/", "<none>", "<unset>", 0, 0, "90m"]);
});
