/** Admission webhooks of the official suite, called through a Service, over bare HTTPS. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { officialReviewers, startSampleWebhook, type SampleWebhook } from "../src/sample-webhook.ts";
import { Calls, type Thing } from "./calls.ts";
import { official } from "./list.ts";

let server: ServerUnderTest;
let calls: Calls;
let webhook: SampleWebhook;
let namespace: string;
const group = "admissionregistration.k8s.io";
const root = `/apis/${group}/v1`;
const unwanted = "webhook-disallow";
const optedOut = "skip-webhook-admission";
const jsonPatch = "application/json-patch+json";
const mergePatch = "application/merge-patch+json";

beforeAll(async () => {
  server = serverUnderTest("admission");
  calls = new Calls(new RawApi(server.kubeconfig), "admission");
  webhook = await startSampleWebhook(calls.api, officialReviewers);
});
afterAll(async () => {
  await webhook[Symbol.asyncDispose]();
  server[Symbol.dispose]();
});

type Kind = "Mutating" | "Validating";
interface Rule {
  readonly group?: string;
  readonly versions?: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}

const listOf = (kind: Kind): string => `${root}/${kind.toLowerCase()}webhookconfigurations`;
const configMaps = (operations: readonly string[] = ["CREATE"]): Rule => ({ operations, resources: ["configmaps"] });

function hook(path: string, { group: apiGroup = "", versions = ["v1"], operations, resources }: Rule, fields: object = {}): object {
  return {
    name: `${path}.example.com`,
    rules: [{ apiGroups: [apiGroup], apiVersions: versions, operations, resources }],
    clientConfig: webhook.clientConfig(path),
    sideEffects: "None",
    admissionReviewVersions: ["v1", "v1beta1"],
    timeoutSeconds: 5,
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    ...fields,
  };
}

/** Registers webhooks until the result is disposed of. */
async function register(kind: Kind, name: string, webhooks: readonly object[], labels: object = {}): Promise<AsyncDisposable> {
  await calls.expect(201, `POST ${listOf(kind)}`, {
    apiVersion: `${group}/v1`,
    kind: `${kind}WebhookConfiguration`,
    metadata: { name, labels },
    webhooks,
  });
  return {
    async [Symbol.asyncDispose]() {
      await calls.api.json("DELETE", `${listOf(kind)}/${name}`);
    },
  };
}

function configMap(name: string, data: Record<string, string>): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}
const forbidden = { "webhook-e2e-test": unwanted };
const started = { "mutation-start": "yes" };
const mutated = { "mutation-start": "yes", "mutation-stage-1": "yes", "mutation-stage-2": "yes" };
const inNamespace = (resource: string): string => `/api/v1/namespaces/${namespace}/${resource}`;

function pod(name: string, container: string, labels: Record<string, string> = {}): object {
  const containers = [{ name: container, image: "registry.example/pause" }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec: { containers } };
}

interface CustomOptions {
  readonly schema?: object;
  readonly versions?: readonly object[];
}

/** A CustomResourceDefinition that is established: the paths of its objects and itself. */
async function newCustomResource(
  name: string,
  { schema, versions }: CustomOptions = {},
): Promise<{ path: string; crd: string; group: string }> {
  const apiGroup = `${name}.example.com`;
  const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  await calls.expect(
    201,
    "POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    definition(name, { schema: schema ?? anything, versions }),
  );
  const crd = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}s.${apiGroup}`;
  const path = `/apis/${apiGroup}/v1/namespaces/${namespace}/${name}s`;
  await eventually(async () => expect((await calls.api.call("GET", path)).code).toBe(200));
  return { path, crd, group: apiGroup };
}

function definition(name: string, { schema, versions }: { schema: object; versions: readonly object[] | undefined }): Thing {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${name}s.${name}.example.com` },
    spec: {
      group: `${name}.example.com`,
      scope: "Namespaced",
      names: { plural: `${name}s`, kind: name[0]?.toUpperCase() + name.slice(1) },
      versions: versions ?? [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  } as unknown as Thing;
}

function custom(name: string, objectName: string, data: object, version = "v1"): object {
  return {
    apiVersion: `${name}.example.com/${version}`,
    kind: name[0]?.toUpperCase() + name.slice(1),
    metadata: { name: objectName },
    data,
  };
}

async function withNamespace(): Promise<void> {
  namespace = await calls.newNamespace();
}

describe("validating webhooks", () => {
  beforeAll(withNamespace);

  it(
    official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny pod and configmap creation"),
    async () => {
      const skipped = await calls.newNamespace({ [optedOut]: "yes" });
      const notSkipped = { namespaceSelector: { matchExpressions: [{ key: optedOut, operator: "NotIn", values: ["yes"] }] } };
      const both = { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [namespace, skipped] }] };
      const selector = {
        namespaceSelector: { matchExpressions: [...both.matchExpressions, ...notSkipped.namespaceSelector.matchExpressions] },
      };
      await using _ = await register("Validating", "deny-unwanted", [
        hook("pods", { operations: ["CREATE"], resources: ["pods"] }, { ...selector, timeoutSeconds: 1 }),
        hook("configmaps", configMaps(["CREATE", "UPDATE", "DELETE"]), selector),
      ]);
      const pods = inNamespace("pods");
      const denied = await calls.refusal(`POST ${pods}`, pod("disallowed-pod", unwanted, forbidden));
      expect(denied).toEqual({
        code: 400,
        message:
          'admission webhook "pods.example.com" denied the request: the pod contains unwanted label; the pod contains unwanted container name;',
      });
      const hanging = await calls.refusal(`POST ${pods}`, pod("hanging-pod", "wait", { "webhook-e2e-test": "wait-forever" }));
      expect(hanging.code).toBe(500);
      expect(hanging.message).toMatch(
        /^Internal error occurred: failed calling webhook "pods\.example\.com": failed to call webhook: Post "https:\/\/[^"]*\/pods\?timeout=1s": context deadline exceeded$/,
      );
      const maps = inNamespace("configmaps");
      const unwantedMap = /denied the request: the configmap contains unwanted key and value$/;
      expect((await calls.refusal(`POST ${maps}`, configMap("disallowed", forbidden))).message).toMatch(unwantedMap);
      await calls.expect(201, `POST ${maps}`, configMap("allowed", { admit: "this" }));
      expect((await calls.refusal(`PUT ${maps}/allowed`, configMap("allowed", forbidden))).message).toMatch(unwantedMap);
      expect((await calls.refusal(`PATCH ${maps}/allowed`, { data: forbidden }, mergePatch)).message).toMatch(unwantedMap);
      await calls.expect(201, `POST /api/v1/namespaces/${skipped}/configmaps`, configMap("disallowed", forbidden));
    },
  );

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny attaching pod"), async () => {
    await calls.expect(201, `POST ${inNamespace("pods")}`, pod("to-be-attached-pod", "container1"));
    await using _ = await register("Validating", "deny-attach", [hook("attach", { operations: ["CONNECT"], resources: ["pods/attach"] })]);
    const denied = await calls.refusal(`POST ${inNamespace("pods")}/to-be-attached-pod/attach?container=container1&stdin=true`);
    expect(denied.message).toBe(
      "admission webhook \"attach.example.com\" denied the request: attaching to pod 'to-be-attached-pod' is not allowed",
    );
  });

  it(
    official(
      "api-machinery",
      "AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny custom resource creation, update and deletion",
    ),
    async () => {
      const { path, group: apiGroup } = await newCustomResource("denied");
      await using registration = await register("Validating", "deny-custom", [
        hook("custom", { group: apiGroup, operations: ["CREATE", "UPDATE", "DELETE"], resources: ["denieds"] }),
      ]);
      const message = /denied the request: the custom resource contains unwanted data$/;
      expect((await calls.refusal(`POST ${path}`, custom("denied", "a", forbidden))).message).toMatch(message);
      await calls.expect(201, `POST ${path}`, custom("denied", "a", { "webhook-e2e-test": "webhook-allow" }));
      expect((await calls.refusal(`PATCH ${path}/a`, { data: forbidden }, mergePatch)).message).toMatch(message);
      await registration[Symbol.asyncDispose]();
      await calls.expect(200, `PATCH ${path}/a`, { data: forbidden }, mergePatch);
      await using _ = await register("Validating", "deny-custom-deletion", [
        hook("custom", { group: apiGroup, operations: ["DELETE"], resources: ["denieds"] }),
      ]);
      expect((await calls.refusal(`DELETE ${path}/a`)).message).toMatch(message);
      await calls.expect(200, `PATCH ${path}/a`, { data: { "webhook-e2e-test": null } }, mergePatch);
      await calls.expect(200, `DELETE ${path}/a`);
    },
  );

  it(
    official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should unconditionally reject operations on fail closed webhook"),
    async () => {
      await using _ = await register("Validating", "fail-closed", [
        hook("configmaps", configMaps(), { clientConfig: webhook.distrusted("configmaps"), failurePolicy: "Fail" }),
      ]);
      const { code, message } = await calls.refusal(`POST ${inNamespace("configmaps")}`, configMap("foo", {}));
      expect(code).toBe(500);
      expect(message).toMatch(/failed calling webhook "configmaps\.example\.com": .*x509: certificate signed by unknown authority/);
    },
  );

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should deny crd creation"), async () => {
    await using _ = await register("Validating", "deny-crds", [
      hook(
        "crd",
        { group: "apiextensions.k8s.io", versions: ["*"], operations: ["CREATE"], resources: ["customresourcedefinitions"] },
        { namespaceSelector: {} },
      ),
    ]);
    const crd = definition("unwanted", { schema: { type: "object" }, versions: undefined });
    crd.metadata.labels = forbidden;
    const { message } = await calls.refusal("POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
    expect(message).toBe('admission webhook "crd.example.com" denied the request: the crd contains unwanted label');
  });

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should honor timeout"), async () => {
    const maps = inNamespace("configmaps");
    const attempt = async (name: string, fields: object): Promise<number> => {
      await using _ = await register("Validating", "slow", [hook("slow", configMaps(), fields)]);
      return (await calls.api.json("POST", maps, configMap(name, {}))).code;
    };
    expect(await attempt("early", { failurePolicy: "Fail", timeoutSeconds: 1 })).toBe(500);
    expect(await attempt("ignored", { failurePolicy: "Ignore", timeoutSeconds: 1 })).toBe(201);
    expect(await attempt("patient", { failurePolicy: "Fail", timeoutSeconds: 10 })).toBe(201);
    expect(await attempt("default", { failurePolicy: "Fail", timeoutSeconds: undefined })).toBe(201);
  });
});

describe("mutating webhooks", () => {
  beforeAll(withNamespace);

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should mutate configmap"), async () => {
    await using _ = await register("Mutating", "mutate-maps", [
      { ...hook("mutate-data", configMaps()), name: "stage-1.example.com" },
      { ...hook("mutate-data", configMaps()), name: "stage-2.example.com" },
    ]);
    const created = await calls.expect(201, `POST ${inNamespace("configmaps")}`, configMap("to-be-mutated", started));
    expect(created["data"]).toEqual(mutated);
  });

  it(
    official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should mutate everything except 'skip-me' configmaps"),
    async () => {
      const matchConditions = [{ name: "skip-me", expression: "object.metadata.name != 'skip-me'" }];
      await using _ = await register("Mutating", "mutate-most", [hook("mutate-data", configMaps(), { matchConditions })]);
      const create = (name: string): Promise<Thing> => calls.expect(201, `POST ${inNamespace("configmaps")}`, configMap(name, started));
      expect((await create("mutated-map"))["data"]).toEqual({ ...started, "mutation-stage-1": "yes" });
      expect((await create("skip-me"))["data"]).toEqual(started);
    },
  );

  it(
    official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should mutate pod and apply defaults after mutation"),
    async () => {
      await using _ = await register("Mutating", "mutate-pods", [hook("mutate-pods", { operations: ["CREATE"], resources: ["pods"] })]);
      const { spec } = await calls.expect<{ spec: { initContainers: object[] } }>(201, `POST ${inNamespace("pods")}`, pod("mutated", "c"));
      expect(spec.initContainers).toEqual([
        expect.objectContaining({ name: "webhook-added-init-container", terminationMessagePolicy: "File", imagePullPolicy: "Always" }),
      ]);
    },
  );

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource"), async () => {
    const { path, group: apiGroup } = await newCustomResource("mutated");
    const rule = { group: apiGroup, operations: ["CREATE", "UPDATE"], resources: ["mutateds"] };
    await using _ = await register("Mutating", "mutate-custom", [
      { ...hook("mutate-data", rule), name: "stage-1.example.com" },
      { ...hook("mutate-data", rule), name: "stage-2.example.com" },
    ]);
    expect((await calls.expect(201, `POST ${path}`, custom("mutated", "a", started)))["data"]).toEqual(mutated);
  });

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource with pruning"), async () => {
    const string = { type: "string" };
    const data = { type: "object", properties: { "mutation-start": string, "mutation-stage-1": string } };
    const { path, group: apiGroup } = await newCustomResource("pruned", { schema: { type: "object", properties: { data } } });
    const rule = { group: apiGroup, operations: ["CREATE", "UPDATE"], resources: ["pruneds"] };
    await using _ = await register("Mutating", "mutate-pruned", [
      { ...hook("mutate-data", rule), name: "stage-1.example.com" },
      { ...hook("mutate-data", rule), name: "stage-2.example.com" },
    ]);
    const created = await calls.expect(201, `POST ${path}`, custom("pruned", "a", started));
    expect(created["data"]).toEqual({ "mutation-start": "yes", "mutation-stage-1": "yes" });
  });

  it(
    official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource with different stored version"),
    async () => {
      const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
      const version = (name: string, storage: boolean): object => ({ name, served: true, storage, schema });
      const { path, crd, group: apiGroup } = await newCustomResource("stored", { versions: [version("v1", true), version("v2", false)] });
      const rule = { group: apiGroup, versions: ["*"], operations: ["CREATE", "UPDATE"], resources: ["storeds"] };
      await using _ = await register("Mutating", "mutate-stored", [{ ...hook("mutate-data", rule), name: "stage-1.example.com" }]);
      const first = await calls.expect(201, `POST ${path}`, custom("stored", "a", started));
      expect(first["data"]).toEqual({ ...started, "mutation-stage-1": "yes" });
      const patch = [
        { op: "replace", path: "/spec/versions/0/storage", value: false },
        { op: "replace", path: "/spec/versions/1/storage", value: true },
      ];
      await calls.expect(200, `PATCH ${crd}`, patch, jsonPatch);
      const patched = await calls.expect(200, `PATCH ${path}/a`, { data: { dummy: "test" } }, mergePatch);
      expect(patched).toMatchObject({ apiVersion: `${apiGroup}/v1`, data: { ...started, "mutation-stage-1": "yes", dummy: "test" } });
      const other = await calls.expect(200, `GET ${path.replace("/v1/", "/v2/")}/a`);
      expect(other).toMatchObject({ apiVersion: `${apiGroup}/v2`, data: { dummy: "test" } });
    },
  );

  it(
    official(
      "api-machinery",
      "AdmissionWebhook [Privileged:ClusterAdmin] should not be able to mutate or prevent deletion of webhook configuration objects",
    ),
    async () => {
      const rule = { group, versions: ["*"], resources: ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"] };
      const everywhere = { namespaceSelector: {} };
      await using _ = await register("Validating", "blocking", [
        hook("always-deny", { ...rule, operations: ["CREATE", "UPDATE", "DELETE"] }, everywhere),
      ]);
      await using __ = await register("Mutating", "labelling", [
        hook("add-label", { ...rule, operations: ["CREATE", "UPDATE"] }, everywhere),
      ]);
      for (const kind of ["Validating", "Mutating"] as const) {
        await using ___ = await register(kind, "harmless", [hook("configmaps", configMaps())]);
        const { metadata } = await calls.expect(200, `GET ${listOf(kind)}/harmless`);
        expect(metadata.labels).toBeUndefined();
        await calls.expect(200, `DELETE ${listOf(kind)}/harmless`);
      }
      expect(webhook.log.filter((line) => line.includes("webhookconfigurations"))).toEqual([]);
    },
  );
});

describe("webhook configurations", () => {
  beforeAll(withNamespace);
  let maps = 0;
  const judged = {
    Validating: {
      path: "configmaps",
      /** Whether the webhook was heard. */
      isInEffect: async (): Promise<boolean> =>
        (await calls.api.json("POST", inNamespace("configmaps"), configMap(`map-${++maps}`, forbidden))).code === 400,
    },
    Mutating: {
      path: "mutate-data",
      isInEffect: async (): Promise<boolean> => {
        const created = await calls.expect(201, `POST ${inNamespace("configmaps")}`, configMap(`map-${++maps}`, started));
        return Object.keys(created["data"] as object).length > 1;
      },
    },
  };

  async function changeRules(kind: Kind): Promise<void> {
    const { path, isInEffect } = judged[kind];
    await using _ = await register(kind, "changing", [hook(path, configMaps())]);
    await eventually(async () => expect(await isInEffect()).toBe(true));
    const one = `${listOf(kind)}/changing`;
    const found = await calls.expect<Thing & { webhooks: { rules: { operations: string[] }[] }[] }>(200, `GET ${one}`);
    const rule = found.webhooks[0]?.rules[0];
    if (rule !== undefined) rule.operations = ["UPDATE"];
    const updated = await calls.expect(200, `PUT ${one}`, found);
    await eventually(async () => expect(await isInEffect()).toBe(false));
    const patch = [{ op: "replace", path: "/webhooks/0/rules/0/operations", value: ["CREATE"] }];
    const patched = await calls.expect(200, `PATCH ${one}`, patch, jsonPatch);
    expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(updated.metadata.resourceVersion));
    await eventually(async () => expect(await isInEffect()).toBe(true));
  }

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] patching/updating a validating webhook should work"), () =>
    changeRules("Validating"),
  );
  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] patching/updating a mutating webhook should work"), () =>
    changeRules("Mutating"),
  );

  async function listAndDelete(kind: Kind): Promise<void> {
    const { path, isInEffect } = judged[kind];
    const labels = { list: "webhooks" };
    for (let index = 0; index < 10; index++) await register(kind, `listed-${index}`, [hook(path, configMaps())], labels);
    const selected = `${listOf(kind)}?labelSelector=list%3Dwebhooks`;
    expect((await calls.expect<{ items: Thing[] }>(200, `GET ${selected}`)).items).toHaveLength(10);
    await eventually(async () => expect(await isInEffect()).toBe(true));
    await calls.expect(200, `DELETE ${selected}`);
    await eventually(async () => expect(await isInEffect()).toBe(false));
    expect((await calls.expect<{ items: Thing[] }>(200, `GET ${selected}`)).items).toEqual([]);
  }

  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] listing validating webhooks should work"), () =>
    listAndDelete("Validating"),
  );
  it(official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] listing mutating webhooks should work"), () =>
    listAndDelete("Mutating"),
  );

  async function changeConditions(kind: Kind): Promise<void> {
    const condition = (number: number, name: string): object => ({
      name: `expression-${number}`,
      expression: `object.metadata.namespace == '${name}'`,
    });
    const one = `${listOf(kind)}/conditional`;
    const conditionsNow = async (): Promise<unknown> =>
      (await calls.expect<{ webhooks: { matchConditions: object[] }[] }>(200, `GET ${one}`)).webhooks[0]?.matchConditions;
    const initial = [condition(1, "production")];
    await using _ = await register(kind, "conditional", [hook("always-deny", configMaps(), { matchConditions: initial })]);
    expect(await conditionsNow()).toEqual(initial);
    const changed = [...initial, condition(2, "staging")];
    await calls.expect(200, `PATCH ${one}`, [{ op: "replace", path: "/webhooks/0/matchConditions", value: changed }], jsonPatch);
    expect(await conditionsNow()).toEqual(changed);
  }

  it(
    official(
      "api-machinery",
      "AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update validating webhook configurations with match conditions",
    ),
    () => changeConditions("Validating"),
  );
  it(
    official(
      "api-machinery",
      "AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update mutating webhook configurations with match conditions",
    ),
    () => changeConditions("Mutating"),
  );

  async function refuseConditions(kind: Kind): Promise<void> {
    const matchConditions = [{ name: "invalid-expression-1", expression: "... [] bad expression" }];
    const { code, message } = await calls.refusal(`POST ${listOf(kind)}`, {
      apiVersion: `${group}/v1`,
      kind: `${kind}WebhookConfiguration`,
      metadata: { name: "invalid" },
      webhooks: [hook("always-deny", configMaps(), { matchConditions })],
    });
    expect(code).toBe(422);
    expect(message).toContain("compilation failed");
    expect(message).toContain("webhooks[0].matchConditions[0].expression: Invalid value");
  }

  it(
    official(
      "api-machinery",
      "AdmissionWebhook [Privileged:ClusterAdmin] should reject validating webhook configurations with invalid match conditions",
    ),
    () => refuseConditions("Validating"),
  );
  it(
    official(
      "api-machinery",
      "AdmissionWebhook [Privileged:ClusterAdmin] should reject mutating webhook configurations with invalid match conditions",
    ),
    () => refuseConditions("Mutating"),
  );
});
