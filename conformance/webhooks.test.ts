/**
 * Admission webhooks as their users meet them, with kubectl: changes, refusals, warnings, dry run, selectors, versions, order, and what becomes of
 * requests when webhooks misbehave.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi } from "./src/api.ts";
import { Coracle, eventually, findKubectls, Kubectl, type Output } from "./src/coracle.ts";
import { allow, deny, startSampleWebhook, type Reviewer, type ReviewRequest, type SampleWebhook } from "./src/sample-webhook.ts";

const coracle = new Coracle();
let kubectl: Kubectl;
let api: RawApi;
let webhook: SampleWebhook;
/** By path; tests put theirs here. */
const reviewers: Record<string, Reviewer> = {};
let count = 0;

beforeAll(async () => {
  const cluster = coracle.up("webhooks", "--ephemeral", "--runtime", "simulated", "--port", "0");
  const binary = findKubectls().at(-1);
  if (binary === undefined) throw new Error("no kubectl on this machine: install one (Debian: kubernetes-client)");
  kubectl = new Kubectl(binary, cluster.kubeconfig);
  api = new RawApi(cluster.kubeconfig);
  webhook = await startSampleWebhook(api, reviewers);
});
afterAll(async () => {
  await webhook[Symbol.asyncDispose]();
  coracle[Symbol.dispose]();
});

interface HookOptions {
  readonly kind?: "Mutating" | "Validating";
  readonly rule?: object;
  /** Of the webhook. */
  readonly fields?: object;
}

function hookOf(path: string, { rule = {}, fields = {} }: HookOptions): object {
  return {
    name: `${path}.example.com`,
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"], ...rule }],
    clientConfig: webhook.clientConfig(path),
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } },
    ...fields,
  };
}

/** Registers a webhook with an answer of its own, until the result is disposed of. */
async function register(path: string, reviewer: Reviewer, options: HookOptions = {}): Promise<AsyncDisposable> {
  reviewers[path] = reviewer;
  return configure(path, [hookOf(path, options)], options.kind);
}

async function configure(name: string, webhooks: readonly object[], kind = "Validating"): Promise<AsyncDisposable> {
  const path = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`;
  const { code, value } = await api.json("POST", path, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: `${kind}WebhookConfiguration`,
    metadata: { name },
    webhooks,
  });
  expect([code, value["message"]]).toEqual([201, undefined]);
  return {
    async [Symbol.asyncDispose]() {
      await api.json("DELETE", `${path}/${name}`);
    },
  };
}

function configMap(metadata: object = {}, data: Record<string, string> = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `map-${++count}`, namespace: "default", ...metadata }, data };
}

const create = (object: object, ...args: string[]): Promise<Output> =>
  kubectl.start(["create", "-f", "-", ...args], JSON.stringify(object));

/** What a creation is answered with, in the server's own words. */
async function post(
  object = configMap(),
  query = "",
): Promise<{ code: number; message: string | undefined; value: Record<string, unknown> }> {
  const { code, value } = await api.json("POST", `/api/v1/namespaces/default/configmaps${query}`, object);
  return { code, message: value["message"] as string | undefined, value };
}

describe("what webhooks say", () => {
  it("comes to kubectl word by word", async () => {
    await using _ = await register("deny", () => deny("no more of these"));
    const output = await create(configMap());
    expect(output.code).toBe(1);
    expect(output.stderr.trim()).toBe(
      'Error from server: error when creating "STDIN": admission webhook "deny.example.com" denied the request: no more of these',
    );
  });

  it("keeps its code and reason, and is a refusal whatever the code", async () => {
    const status = { code: 403, reason: "Forbidden", message: "not you", details: { name: "x" } };
    await using _ = await register("status", ({ object }) => ({
      allowed: false,
      status: { ...status, ...(JSON.parse(object?.data?.["status"] ?? "{}") as object) },
    }));
    const attempt = (fields: object): ReturnType<typeof post> => post(configMap({}, { status: JSON.stringify(fields) }));
    expect((await attempt({})).value).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'admission webhook "status.example.com" denied the request: not you',
      reason: "Forbidden",
      details: { name: "x" },
      code: 403,
    });
    expect((await attempt({ code: 200, status: "Success" })).code).toBe(400);
    expect((await attempt({ message: "" })).message).toBe('admission webhook "status.example.com" denied the request: Forbidden');
    expect((await attempt({ message: "", reason: "" })).message).toBe(
      'admission webhook "status.example.com" denied the request without explanation',
    );
    // Codes that no HTTP answer can have.
    for (const code of [1000, 99_999, 400.5]) expect((await attempt({ code })).code).toBeGreaterThanOrEqual(400);
  });

  it("may be a warning", async () => {
    const warnings = ["beware", 'of "quotes"', "and lines\r\nset-cookie: a=b", "and 漢字"];
    await using _ = await register("warn", () => ({ allowed: true, warnings }));
    const output = await create(configMap());
    expect(output.code).toBe(0);
    expect(output.stderr.trim().split("\n")).toEqual([
      "Warning: beware",
      'Warning: of "quotes"',
      "Warning: and lines set-cookie: a=b",
      "Warning: and 漢字",
    ]);
  });
});

describe("which requests they see", () => {
  it("creation, update, deletion, with both objects, the user and the options", async () => {
    const seen: ReviewRequest[] = [];
    const rule = { operations: ["*"] };
    await using _ = await register("seen", (request) => (seen.push(request), allow), { rule });
    await create(configMap({ name: "seen" }, { a: "1" }));
    await kubectl.start(["patch", "configmap", "seen", "--type=merge", "-p", '{"data":{"a":"2"}}']);
    await kubectl.start(["delete", "configmap", "seen"]);
    expect(seen).toMatchObject([
      {
        operation: "CREATE",
        name: "seen",
        namespace: "default",
        kind: { group: "", version: "v1", kind: "ConfigMap" },
        requestResource: { group: "", version: "v1", resource: "configmaps" },
        userInfo: { groups: expect.arrayContaining(["system:authenticated"]) as unknown },
        object: { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } },
        oldObject: null,
        dryRun: false,
        options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "kubectl-create", fieldValidation: "Strict" },
      },
      { operation: "UPDATE", object: { data: { a: "2" } }, oldObject: { data: { a: "1" } }, options: { kind: "UpdateOptions" } },
      { operation: "DELETE", object: null, oldObject: { data: { a: "2" } }, options: { kind: "DeleteOptions" } },
    ]);
    expect(seen.map(({ uid }) => uid)).toEqual([...new Set(seen.map(({ uid }) => uid))]);
  });

  it("by the labels of objects and namespaces, and by conditions", async () => {
    await using _ = await register("chosen", () => deny("chosen"), {
      fields: {
        objectSelector: { matchLabels: { chosen: "yes" } },
        matchConditions: [
          { name: "not-spared", expression: "!('spared' in object.metadata.labels)" },
          { name: "by-users", expression: "!request.userInfo.username.startsWith('system:serviceaccount:')" },
        ],
      },
    });
    expect((await post(configMap())).code).toBe(201);
    expect((await post(configMap({ labels: { chosen: "yes" } }))).code).toBe(400);
    expect((await post(configMap({ labels: { chosen: "yes", spared: "yes" } }))).code).toBe(201);
    const elsewhere = await api.json("POST", "/api/v1/namespaces/kube-public/configmaps", {
      ...configMap({ namespace: "kube-public", labels: { chosen: "yes" } }),
    });
    expect(elsewhere.code).toBe(201);
  });

  it("in the version that they ask for, unless they want it exactly", async () => {
    const versions: string[] = [];
    const rule = { apiGroups: ["events.k8s.io"], resources: ["events"] };
    const reviewer: Reviewer = ({ object, resource }) => (versions.push(`${resource.group} ${object?.apiVersion}`), allow);
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "e", namespace: "default" },
      involvedObject: { kind: "Pod", namespace: "default", name: "p" },
      reason: "Test",
      message: "m",
    };
    const attempt = async (matchPolicy: string): Promise<void> => {
      await using _ = await register("version", reviewer, {
        rule,
        fields: { matchPolicy, objectSelector: { matchLabels: { mine: "yes" } } },
      });
      const metadata = { ...event.metadata, name: `e-${matchPolicy.toLowerCase()}`, labels: { mine: "yes" } };
      expect((await api.json("POST", "/api/v1/namespaces/default/events", { ...event, metadata })).code).toBe(201);
    };
    await attempt("Exact");
    expect(versions).toEqual([]);
    await attempt("Equivalent");
    expect(versions).toEqual(["events.k8s.io events.k8s.io/v1"]);
  });

  it("by the first version of the review that both know", async () => {
    await using _ = await register("beta", () => deny("in v1beta1"), { fields: { admissionReviewVersions: ["v2", "v1beta1", "v1"] } });
    expect((await post()).message).toBe('admission webhook "beta.example.com" denied the request: in v1beta1');
  });

  it("of controllers, too", async () => {
    await using _ = await register("pods", () => deny("no pods today"), { rule: { resources: ["pods"] } });
    kubectl.run("create", "deployment", "refused", "--image=registry.example/pause");
    await eventually(() =>
      expect(kubectl.run("get", "events", "-o", "jsonpath={.items[?(@.reason=='FailedCreate')].message}")).toContain(
        'Error creating: admission webhook "pods.example.com" denied the request: no pods today',
      ),
    );
    kubectl.run("delete", "deployment", "refused");
  });
});

describe("changing objects", () => {
  const added =
    (path: string, value: unknown): Reviewer =>
    () => ({ allowed: true, patch: [{ op: "add", path, value }] });

  it("before they are validated", async () => {
    await using _ = await register("invalid", added("/data", { "not a key!": "1" }), { kind: "Mutating" });
    const output = await create(configMap({ name: "changed" }));
    expect(output.stderr.trim()).toMatch(/^The ConfigMap "changed" is invalid: data\[not a key!\]: Invalid value: "not a key!": /);
  });

  it("in order of the configurations' names, and again when another one changed them afterwards", async () => {
    const calls: string[] = [];
    const appending =
      (name: string): Reviewer =>
      ({ object }) => {
        calls.push(name);
        const order = `${object?.data?.["order"] ?? ""}${name}`;
        // The first adds itself each time; the second once.
        if (name === "b" && object?.data?.["order"]?.includes("b") === true) return allow;
        return { allowed: true, patch: [{ op: "add", path: "/data/order", value: order }] };
      };
    reviewers["a"] = appending("a");
    reviewers["b"] = appending("b");
    const options: HookOptions = { kind: "Mutating" };
    await using _ = await configure("order-2", [hookOf("b", options)], "Mutating");
    await using __ = await configure("order-1", [hookOf("a", { fields: { reinvocationPolicy: "IfNeeded" } })], "Mutating");
    const { value } = await post(configMap({}, { order: "" }));
    expect([calls, value["data"]]).toEqual([["a", "b", "a"], { order: "aba" }]);
  });

  it("not at all when they are only tried, unless they do nothing else", async () => {
    await using _ = await register("dry", added("/data", { dry: "yes" }), { kind: "Mutating" });
    const tried = await post(configMap({ name: "tried" }), "?dryRun=All");
    expect(tried).toMatchObject({ code: 201, value: { data: { dry: "yes" } } });
    await using __ = await register("effects", () => allow, { fields: { sideEffects: "NoneOnDryRun" } });
    expect((await post(configMap({ name: "tried" }), "?dryRun=All")).code).toBe(201);
  });

  it("that others validate afterwards as they have become", async () => {
    await using _ = await register("mark", added("/data", { marked: "yes" }), { kind: "Mutating" });
    await using __ = await register("judge", ({ object }) => (object?.data?.["marked"] === "yes" ? deny("marked") : allow));
    expect((await post()).message).toBe('admission webhook "judge.example.com" denied the request: marked');
  });
});

describe("webhooks that misbehave", () => {
  const failed = 'Internal error occurred: failed calling webhook "bad.example.com": ';
  const attempt = async (reviewer: Reviewer, options: HookOptions = {}): Promise<{ code: number; message: string | undefined }> => {
    await using _ = await register("bad", reviewer, options);
    const { code, message } = await post();
    return { code, message };
  };

  it("are given up when they hang, before or while they answer", async () => {
    const fields = { timeoutSeconds: 1 };
    const startedMs = Date.now();
    const silent = await attempt(() => new Promise(() => {}), { fields });
    expect(silent.code).toBe(500);
    expect(silent.message).toMatch(
      /^Internal error occurred: failed calling webhook "bad\.example\.com": failed to call webhook: Post "https:.*\?timeout=1s": context deadline exceeded$/,
    );
    const dripping = await attempt(() => (response) => void response.writeHead(200, { "content-type": "application/json" }).write("{"), {
      fields,
    });
    expect(dripping.code).toBe(500);
    expect(dripping.message).toContain("context deadline exceeded");
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    const ignored = await attempt(() => new Promise(() => {}), { fields: { ...fields, failurePolicy: "Ignore" } });
    expect(ignored.code).toBe(201);
  });

  it("are not listened to for ever", async () => {
    let sentBytes = 0;
    const { code, message } = await attempt(() => (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const chunk = Buffer.alloc(2 ** 20, " ");
      const more = (): void => {
        if (response.destroyed || sentBytes >= 2 ** 28) return void response.end();
        sentBytes += chunk.length;
        response.write(chunk, () => setImmediate(more));
      };
      more();
    });
    expect(code).toBe(500);
    expect(message).toMatch(/the response is larger than \d+ bytes$/);
    expect(sentBytes).toBeLessThan(2 ** 26);
  });

  it("must speak the protocol", async () => {
    const raw =
      (body: string, status = 200): Reviewer =>
      () =>
      (response) =>
        void response.writeHead(status, { "content-type": "application/json" }).end(body);
    const message = async (reviewer: Reviewer): Promise<string | undefined> => {
      const answer = await attempt(reviewer);
      expect(answer.code).toBe(500);
      return answer.message;
    };
    expect(await message(raw("garbage"))).toBe(
      `${failed}failed to call webhook: couldn't get version/kind; json parse error: invalid character 'g' looking for beginning of value`,
    );
    expect(await message(raw(""))).toBe(
      `${failed}failed to call webhook: 0-length response with status code: 200 and content type: application/json`,
    );
    expect(await message(raw('{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}'))).toBe(
      `${failed}received invalid webhook response: webhook response was absent`,
    );
    expect(
      await message(raw('{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"other","allowed":true}}')),
    ).toMatch(/received invalid webhook response: expected response\.uid="[0-9a-f-]{36}", got "other"$/);
    expect(await message(raw("oops", 503))).toContain(`${failed}failed to call webhook: `);
    expect(await message(() => (response) => void response.destroy())).toMatch(/failed to call webhook: Post "https:.*": EOF$/);
  });

  it("must give patches that apply and leave an object of the kind", async () => {
    const patched = async (patch: unknown): Promise<{ code: number; message: string | undefined }> =>
      attempt(() => ({ allowed: true, patch }), { kind: "Mutating" });
    const attempts: readonly (readonly [unknown, RegExp])[] = [
      [{ op: "add" }, /received undecodable patch in webhook response: /],
      [[{ op: "remove", path: "/data/missing" }], /^Internal error occurred: .*(missing|does not exist|nonexistent)/i],
      [[{ op: "dance", path: "/data" }], /^Internal error occurred: .*dance/],
      [[{ op: "replace", path: "/kind", value: "Secret" }], /^Internal error occurred: .*unknown conversion/],
      [[{ op: "replace", path: "", value: [] }], /^Internal error occurred: /],
      [[{ op: "replace", path: "/data", value: "text" }], /^Internal error occurred: /],
      [[{ op: "add", path: "/data/a", value: { b: 1 } }], /^Internal error occurred: /],
    ];
    for (const [patch, expected] of attempts) {
      const { code, message } = await patched(patch);
      expect([patch, code]).toEqual([patch, 500]);
      expect(message).toMatch(expected);
    }
    expect((await patched([])).code).toBe(201);
    expect((await patched([{ op: "replace", path: "/metadata/name", value: "renamed" }])).code).toBe(201);
    expect((await patched([{ op: "replace", path: "/metadata/namespace", value: "kube-system" }])).code).toBe(400);
  });

  it("cannot make another object of one that is there", async () => {
    await post(configMap({ name: "same" }, { a: "1" }));
    const changed = async (path: string, value: unknown): Promise<Record<string, unknown>> => {
      const reviewer: Reviewer = () => ({ allowed: true, patch: [{ op: "add", path, value }] });
      await using _ = await register("bad", reviewer, { kind: "Mutating", rule: { operations: ["UPDATE"] } });
      const merge = "application/merge-patch+json";
      const { code, value: answer } = await api.json(
        "PATCH",
        "/api/v1/namespaces/default/configmaps/same",
        { data: { [`k${++count}`]: "1" } },
        merge,
      );
      return { code, ...(answer["message"] !== undefined && { message: answer["message"] }) };
    };
    expect(await changed("/metadata/name", "other")).toEqual({
      code: 422,
      message: 'ConfigMap "same" is invalid: metadata.name: Invalid value: "other": field is immutable',
    });
    expect((await changed("/metadata/uid", "00000000-0000-0000-0000-000000000000"))["message"]).toContain("metadata.uid: Invalid value");
    expect(await changed("/metadata/namespace", "kube-system")).toMatchObject({ code: 400 });
    expect(await changed("/metadata/managedFields", [{ manager: "x", operation: "Dance" }])).toEqual({ code: 200 });
    const { metadata } = (await api.json<{ metadata: { managedFields: object[] } }>("GET", "/api/v1/namespaces/default/configmaps/same"))
      .value;
    expect(metadata.managedFields.length).toBeGreaterThan(0);
    for (const entry of metadata.managedFields) expect(entry).toMatchObject({ operation: "Update", fieldsType: "FieldsV1" });
    expect(await changed("/metadata/labels", { changed: "yes" })).toEqual({ code: 200 });
  });

  it("cannot reach the status through the object, nor the object through its status", async () => {
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    kubectl.pipe(
      JSON.stringify({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "boats.example.com" },
        spec: {
          group: "example.com",
          scope: "Namespaced",
          names: { plural: "boats", kind: "Boat" },
          versions: [{ name: "v1", served: true, storage: true, schema, subresources: { status: {} } }],
        },
      }),
      "create",
      "-f",
      "-",
    );
    kubectl.run("wait", "--for=condition=Established", "crd/boats.example.com");
    const boats = "/apis/example.com/v1/namespaces/default/boats";
    const patch = [
      { op: "add", path: "/status", value: { by: "webhook" } },
      { op: "add", path: "/spec", value: { by: "webhook" } },
    ];
    const rule = { apiGroups: ["example.com"], operations: ["CREATE", "UPDATE"], resources: ["boats", "boats/status"] };
    await using _ = await register("bad", () => ({ allowed: true, patch }), { kind: "Mutating", rule });
    const boat = { apiVersion: "example.com/v1", kind: "Boat", metadata: { name: "b" }, spec: { by: "client" } };
    const created = await api.json("POST", boats, boat);
    expect(created).toMatchObject({ code: 201, value: { spec: { by: "webhook" } } });
    expect(created.value["status"]).toBeUndefined();
    await using __ = await register("bad-status", () => ({ allowed: true, patch: [{ op: "add", path: "/spec", value: {} }] }), {
      kind: "Mutating",
      rule: { ...rule, operations: ["UPDATE"] },
    });
    const merge = "application/merge-patch+json";
    const patched = await api.json("PATCH", `${boats}/b/status`, { status: { by: "client" }, spec: { by: "client" } }, merge);
    expect(patched).toMatchObject({ code: 200, value: { spec: { by: "webhook" }, status: { by: "webhook" } } });
  });

  it("may not change what is only validated", async () => {
    const { code, message } = await attempt(() => ({ allowed: true, patch: [{ op: "add", path: "/data", value: {} }] }));
    expect([code, message]).toEqual([500, `${failed}received invalid webhook response: validating webhook may not return response.patch`]);
  });

  it("have to be found", async () => {
    const at = async (service: object): Promise<string | undefined> =>
      (await attempt(() => allow, { fields: { clientConfig: { service: { namespace: "default", ...service } } } })).message;
    const post = 'failed to call webhook: Post "https://nowhere.default.svc:443/?timeout=10s": ';
    expect(await at({ name: "nowhere" })).toBe(`${failed}${post}service "nowhere" not found`);
    kubectl.run("create", "service", "clusterip", "nobody", "--tcp=443");
    expect(await at({ name: "nobody" })).toBe(
      `${failed}failed to call webhook: Post "https://nobody.default.svc:443/?timeout=10s": no endpoints available for service "nobody"`,
    );
    expect((await attempt(() => allow, { fields: { clientConfig: { url: "https://127.0.0.1:9/hook" } } })).message).toBe(
      `${failed}failed to call webhook: Post "https://127.0.0.1:9/hook?timeout=10s": dial tcp 127.0.0.1:9: connect: connection refused`,
    );
  });

  it("end with the request that asked them", async () => {
    let asked = 0;
    await using _ = await register("abandoned", () => (asked++, new Promise(() => {})), { fields: { timeoutSeconds: 30 } });
    const child = kubectl.spawn("create", "configmap", "abandoned");
    await eventually(() => expect(asked).toBe(1));
    child.kill("SIGKILL");
    expect((await api.call("GET", "/readyz")).code).toBe(200);
  });

  it("may ask about their own requests, to the end of the request's time", async () => {
    let depth = 0;
    const reviewer: Reviewer = async () => {
      if (++depth > 5) return allow;
      const { code } = await post();
      return code === 201 ? allow : deny(`inner ${code}`);
    };
    await using _ = await register("recursive", reviewer);
    expect((await post()).code).toBe(201);
    expect(depth).toBe(6);
  });

  it("and refuse everything everywhere can still be taken away, and the cluster goes on", async () => {
    kubectl.run("create", "deployment", "patient", "--image=registry.example/pause", "--replicas=1");
    const everything = {
      rules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }],
      clientConfig: { service: { namespace: "default", name: "nowhere" } },
      namespaceSelector: {},
    };
    {
      await using _ = await configure("everything", [{ ...hookOf("bad", {}), ...everything }]);
      await using __ = await configure("everything", [{ ...hookOf("bad", {}), ...everything }], "Mutating");
      expect((await post()).code).toBe(500);
      const pods = await api.json("DELETE", "/api/v1/namespaces/default/pods?labelSelector=app%3Dpatient");
      expect(pods.code).toBe(500);
      // Its controllers try again, but not so often that nothing else gets done.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const startedMs = Date.now();
      expect((await api.call("GET", "/api/v1/pods")).code).toBe(200);
      expect(Date.now() - startedMs).toBeLessThan(2000);
    }
    kubectl.run("scale", "deployment", "patient", "--replicas=2");
    await eventually(() => expect(kubectl.run("get", "deployment", "patient", "-o", "jsonpath={.status.readyReplicas}")).toBe("2"));
  });

  it("of which there are a hundred do not bring the server down", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `many-${index}`);
    for (const name of names) reviewers[name] = () => allow;
    reviewers["many-mutating"] = ({ object }) => ({
      allowed: true,
      patch: [{ op: "add", path: "/data/count", value: String(Number(object?.data?.["count"] ?? 0) + 1) }],
    });
    await using _ = await configure(
      "many",
      names.map((name) => hookOf(name, {})),
    );
    await using __ = await configure(
      "many",
      names.map((name) => ({ ...hookOf("many-mutating", {}), name: `${name}.example.com` })),
      "Mutating",
    );
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(configMap({}, { count: "0" }))));
    for (const { code, value } of answers) expect([code, value["data"]]).toEqual([201, { count: "100" }]);
  });
});
