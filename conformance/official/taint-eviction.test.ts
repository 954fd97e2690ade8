/** Pods leave nodes with a NoExecute taint when their toleration ends, and stay when the taint goes first. */
import type { V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import { hasCondition, isPodReady, podSpec, seen, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("taints", "--nodes", "2");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const taint = { key: "kubernetes.io/e2e-evict-taint-key", value: "evictTaintVal", effect: "NoExecute" };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function createPod(workspace: Workspace, name: string, options: { seconds: number; nodeName?: string }): Promise<string> {
  const { seconds, nodeName } = options;
  const toleration = { key: taint.key, operator: "Equal", value: taint.value, effect: taint.effect, tolerationSeconds: seconds };
  const place = nodeName === undefined ? {} : { nodeSelector: { "kubernetes.io/hostname": nodeName } };
  await workspace.pods.create(name, { spec: podSpec({ tolerations: [toleration], ...place }) });
  const { spec } = await workspace.pods.until(name, (pod) => expect(isPodReady(pod)).toBe(true));
  return spec?.nodeName ?? "";
}

async function setTaint(workspace: Workspace, node: string, isTainted: boolean): Promise<void> {
  await workspace.nodes.update(node, ({ spec }) => {
    if (spec === undefined) return;
    const others = (spec.taints ?? []).filter(({ key }) => key !== taint.key);
    spec.taints = isTainted ? [...others, taint] : others;
  });
}

it(official("node", "NoExecuteTaintManager Single Pod [Serial] removing taint cancels eviction [Disruptive]"), async () => {
  await using workspace = await Workspace.open(api, "taint");
  const node = await createPod(workspace, "pod", { seconds: 4 });
  await setTaint(workspace, node, true);
  await pause(2_000);
  expect(await workspace.pods.has("pod")).toBe(true);
  await setTaint(workspace, node, false);
  await pause(4_000);
  expect(isPodReady(await workspace.pods.get("pod"))).toBe(true);
  await workspace.events.untilList({}, (events) =>
    expect(events.map(({ message }) => message)).toContain(`Cancelling deletion of Pod ${workspace.namespace}/pod`),
  );
});

it(official("node", "NoExecuteTaintManager Multiple Pods [Serial] evicts pods with minTolerationSeconds [Disruptive]"), async () => {
  await using workspace = await Workspace.open(api, "taint");
  const nodeName = await createPod(workspace, "pod1", { seconds: 2 });
  await createPod(workspace, "pod2", { seconds: 5, nodeName });
  using watch = await workspace.pods.watch();
  await setTaint(workspace, nodeName, true);
  try {
    await workspace.pods.untilGone("pod1", 30_000);
    expect(await workspace.pods.has("pod2")).toBe(true);
    await workspace.pods.untilGone("pod2", 30_000);
  } finally {
    await setTaint(workspace, nodeName, false);
  }
  await seen<V1Pod>(watch, "MODIFIED", hasCondition({ type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager" }));
});
