import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { externalService, remoteService, startAggregatingServer, type AggregatingServer, type Answer } from "./testing-server.ts";

const apiServices = "/apis/apiregistration.k8s.io/v1/apiservices";
const mine = `${apiServices}/v1beta1.metrics.k8s.io`;
let api: AggregatingServer;

beforeAll(async () => {
  api = await startAggregatingServer();
});
afterAll(() => api[Symbol.asyncDispose]());

async function groups(): Promise<string[]> {
  const { json } = await api.ask("/apis");
  return (json["groups"] as unknown as { name: string }[]).map(({ name }) => name);
}

const metricsServer = (): object => {
  const { spec, ...rest } = remoteService(443, {});
  return {
    ...rest,
    metadata: { name: "v1beta1.metrics.k8s.io" },
    spec: { ...(spec as object), group: "metrics.k8s.io", version: "v1beta1", insecureSkipTLSVerify: true },
  };
};

describe("metrics.k8s.io", () => {
  it("is served here until somebody brings a service of the name", async () => {
    expect((await api.ask(mine)).json).toMatchObject({
      spec: { group: "metrics.k8s.io", version: "v1beta1", groupPriorityMinimum: 100, versionPriority: 100 },
      status: { conditions: [{ reason: "Local" }] },
    });
    const list = await api.ask("/apis/metrics.k8s.io/v1beta1");
    expect(
      (list.json["resources"] as unknown as { name: string; kind: string; verbs: string[] }[]).map((each) => [
        each.name,
        each.kind,
        each.verbs,
      ]),
    ).toEqual([
      ["nodes", "NodeMetrics", ["get", "list"]],
      ["pods", "PodMetrics", ["get", "list"]],
    ]);
    // This server has no certificate for kubelets.
    expect((await api.ask("/apis/metrics.k8s.io/v1beta1/nodes")).code).toBe(503);
    expect((await api.ask("/apis/metrics.k8s.io/v1beta1/nodes?watch=1")).code).toBe(405);
    const headers = { "content-type": "application/apply-patch+yaml" };
    await api.ask("/api/v1/namespaces/default/services", { method: "POST", body: externalService("nowhere.invalid") });
    const replaced = await api.ask(`${mine}?fieldManager=test&force=true`, { method: "PATCH", headers, body: metricsServer() });
    expect(replaced.code).toBe(200);
    await api.until(mine, ({ text }) => text.includes("FailedDiscoveryCheck"));
    expect(await api.ask("/apis/metrics.k8s.io/v1beta1/nodes")).toMatchObject({ code: 503, text: "service unavailable\n" });
    // When it goes, ours comes back.
    await api.ask(mine, { method: "DELETE" });
    await api.until(
      mine,
      ({ json }) => (json["spec"] as { service?: unknown } | undefined)?.service === undefined && json["kind"] !== ("Status" as never),
    );
  });

  it("stays away when somebody deletes it, as Helm wants for a chart of its own", async () => {
    await api.ask(mine, { method: "DELETE" });
    expect((await api.ask("/apis/metrics.k8s.io/v1beta1/pods")).code).toBe(404);
    expect(await groups()).not.toContain("metrics.k8s.io");
    expect((await api.ask("/openapi/v3")).json["paths"]).not.toHaveProperty("apis/metrics.k8s.io/v1beta1");
    expect((await api.ask(mine)).code).toBe(404);
    expect((await api.ask(apiServices, { method: "POST", body: metricsServer() })).code).toBe(201);
    expect(await groups()).toContain("metrics.k8s.io");
  });
});

describe("componentstatuses", () => {
  it("tell how the parts are, with a warning", async () => {
    const list = await api.ask("/api/v1/componentstatuses");
    expect(list.headers["warning"]).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
    expect(list.json).toEqual({
      kind: "ComponentStatusList",
      apiVersion: "v1",
      metadata: {},
      items: [conditionsOf("etcd-0")],
    });
    expect((await api.ask("/api/v1/componentstatuses/etcd-0")).json).toEqual(healthy("etcd-0"));
    const none: Answer = await api.ask("/api/v1/componentstatuses/etcd-1");
    expect(none.json).toMatchObject({ code: 404, message: 'componentstatus "etcd-1" not found' });
    const table = await api.ask("/api/v1/componentstatuses?fieldSelector=metadata.name=etcd-0", {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
    });
    expect((table.json["rows"] as unknown as { cells: unknown }[]).map(({ cells }) => cells)).toEqual([["etcd-0", "Healthy", "ok", ""]]);
  });
});

const healthy = (name: string): object => ({ apiVersion: "v1", kind: "ComponentStatus", ...conditionsOf(name) });

/** As items of a list are: they do not say what they are. */
const conditionsOf = (name: string): object => ({
  metadata: { name },
  conditions: [{ type: "Healthy", status: "True", message: "ok" }],
});
