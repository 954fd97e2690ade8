import { expect, test } from "vitest";
import { builtInDefinitions, type ValidatingWebhook } from "@coracle/api";
import { StatusError, type ResourceDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { RegistryImplementation } from "../../registry/registry.ts";
import type { RequestContext } from "../../registry/contract.ts";
import { createToyServer, jsonBody, objectIn, toyAddress, toyContext } from "../../registry/toy-server.ts";
import type { WebhookPoster } from "../../webhook-client/index.ts";
import { defaultAdmissionPlugins } from "../default-plugins.ts";
import { createDynamicAdmission } from "../dynamic-admission.ts";

type Review = { readonly apiVersion: string; readonly request: Record<string, unknown> & { readonly uid: string } };
type Answer = Record<string, unknown>;
/** By URL of the webhook: what it answers to a request, or throws. */
type Webhooks = Record<string, (request: Review["request"], review: Review) => Answer>;

interface TestBed {
  readonly registry: RegistryImplementation;
  readonly warnings: string[];
  readonly annotations: Map<string, string>;
  readonly calls: string[];
  create(resource: string, object: Record<string, unknown>, context?: Partial<RequestContext>): Promise<UnstructuredObject>;
  configure(
    kind: "Mutating" | "Validating",
    name: string,
    ...webhooks: Partial<ValidatingWebhook & { reinvocationPolicy: string }>[]
  ): Promise<void>;
  context(overrides?: Partial<RequestContext>): RequestContext;
}

const wanted = ["namespaces", "pods", "configmaps", "events", "deployments", "serviceaccounts", "services"];
const definitions = builtInDefinitions().filter(
  ({ group, resource }) => wanted.includes(resource) || group === "admissionregistration.k8s.io",
);

async function start(webhooks: Webhooks): Promise<TestBed> {
  const calls: string[] = [];
  const poster: WebhookPoster = {
    async post({ url = "" }, body) {
      const review = body as Review;
      calls.push(url);
      const handler = webhooks[url];
      if (handler === undefined) throw new Error(`Post "${url}?timeout=10s": dial tcp: lookup nowhere: no such host`);
      const { uid } = review.request;
      return { apiVersion: review.apiVersion, kind: "AdmissionReview", response: { uid, ...handler(review.request, review) } };
    },
  };
  const dynamic = createDynamicAdmission({ webhooks: poster, authorizer: { authorize: () => ({ type: "allow", reason: "" }) } });
  const { registry } = await createToyServer({ definitions, admission: defaultAdmissionPlugins({ dynamic }) });
  const warnings: string[] = [];
  const annotations = new Map<string, string>();
  const context = (overrides: Partial<RequestContext> = {}): RequestContext =>
    toyContext({ warn: (text) => void warnings.push(text), annotate: (key, value) => void annotations.set(key, value), ...overrides });
  const create: TestBed["create"] = async (resource, object, overrides) => {
    const definition = definitions.find((each) => each.resource === resource) as ResourceDefinition;
    const [version] = definition.versions;
    const address = {
      ...toyAddress,
      group: definition.group,
      version: version?.version ?? "",
      resource,
      namespace: definition.isNamespaced ? "ns" : "",
    };
    return objectIn(await registry.create(context(overrides), address, jsonBody(object)));
  };
  const bed: TestBed = {
    registry,
    warnings,
    annotations,
    calls,
    create,
    context,
    async configure(kind, name, ...hooks) {
      await create(`${kind.toLowerCase()}webhookconfigurations`, {
        metadata: { name },
        webhooks: hooks.map((hook) => ({ ...usual(name), ...hook })),
      });
    },
  };
  await create("namespaces", { metadata: { name: "ns", labels: { team: "blue" } } });
  await create("serviceaccounts", { metadata: { name: "default" } });
  return bed;
}

function usual(name: string): ValidatingWebhook {
  return {
    name: `${name}.example.com`,
    clientConfig: { url: `https://${name}` },
    rules: [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["configmaps"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  };
}

const patch = (...operations: unknown[]): Answer => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});

test("a mutating webhook sees what the client sent and changes it", async () => {
  let seen: Review | undefined;
  const bed = await start({
    "https://a": (_request, review) => {
      seen = review;
      return { ...patch({ op: "add", path: "/data", value: { added: "yes" } }), warnings: ["mind"], auditAnnotations: { why: "because" } };
    },
  });
  await bed.configure("Mutating", "a", {});
  const made = await bed.create(
    "configmaps",
    { metadata: { generateName: "x-" } },
    { user: { name: "u", groups: ["g"], extra: { e: ["1"] } } },
  );
  expect(made).toMatchObject({ data: { added: "yes" }, metadata: { name: expect.stringMatching(/^x-/) as string } });
  expect(seen).toMatchObject({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1" });
  const { object, uid, ...request } = (seen as Review | undefined)?.request ?? { uid: "" };
  expect(uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(request).toEqual({
    kind: { group: "", version: "v1", kind: "ConfigMap" },
    resource: { group: "", version: "v1", resource: "configmaps" },
    requestKind: { group: "", version: "v1", kind: "ConfigMap" },
    requestResource: { group: "", version: "v1", resource: "configmaps" },
    namespace: "ns",
    operation: "CREATE",
    userInfo: { username: "u", groups: ["g"], extra: { e: ["1"] } },
    oldObject: null,
    dryRun: false,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "test" },
  });
  expect((object as UnstructuredObject).metadata).toEqual({
    generateName: "x-",
    namespace: "ns",
    managedFields: expect.any(Array) as unknown,
  });
  expect(bed.warnings).toEqual(["mind"]);
  expect(Object.fromEntries(bed.annotations)).toEqual({
    "a.example.com/why": "because",
    "mutation.webhook.admission.k8s.io/round_0_index_0": '{"configuration":"a","webhook":"a.example.com","mutated":true}',
    "patch.webhook.admission.k8s.io/round_0_index_0":
      '{"configuration":"a","webhook":"a.example.com","patch":[{"op":"add","path":"/data","value":{"added":"yes"}}],"patchType":"JSONPatch"}',
  });
});

test("a mutated object gets its defaults, loses what does not exist, and is validated again", async () => {
  const bed = await start({
    "https://a": () => patch({ op: "add", path: "/spec/containers/-", value: { name: "side", image: "i", nonsense: 1 } }),
    "https://b": () => patch({ op: "replace", path: "/spec/restartPolicy", value: "Sometimes" }),
    "https://c": () => patch({ op: "replace", path: "/spec/containers", value: "none" }),
    "https://d": () => patch({ op: "replace", path: "/spec/missing/deep", value: 1 }),
  });
  const rules = [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }];
  const select = (is: string): { matchLabels: { is: string } } => ({ matchLabels: { is } });
  for (const name of ["a", "b", "c", "d"]) await bed.configure("Mutating", name, { rules, objectSelector: select(name) });
  const pod = (is: string): Record<string, unknown> => ({
    metadata: { name: is, labels: { is } },
    spec: { containers: [{ name: "c", image: "i" }] },
  });
  const made = (await bed.create("pods", pod("a")))["spec"] as { containers: Record<string, unknown>[] };
  expect(made.containers[1]).toMatchObject({ name: "side", imagePullPolicy: "Always", terminationMessagePath: "/dev/termination-log" });
  // The service account plug-in ran again and gave the newcomer its token.
  expect(made.containers[1]?.["volumeMounts"]).toMatchObject([{ mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }]);
  expect(made.containers[1]).not.toHaveProperty("nonsense");
  await expect(bed.create("pods", pod("b"))).rejects.toThrow('spec.restartPolicy: Unsupported value: "Sometimes"');
  await expect(bed.create("pods", pod("c"))).rejects.toThrow("Internal error occurred: json: cannot unmarshal string into Go");
  await expect(bed.create("pods", pod("d"))).rejects.toThrow(
    "Internal error occurred: replace operation does not apply: doc is missing path",
  );
});

test("a webhook says no in its own words", async () => {
  const statuses: Answer[] = [];
  const bed = await start({ "https://a": () => ({ allowed: false, ...statuses.shift() }) });
  await bed.configure("Validating", "a", {});
  const refusal = async (answer: Answer): Promise<unknown> => {
    statuses.push(answer);
    const error = await bed.create("configmaps", { metadata: { name: "x" } }).catch((thrown: unknown) => thrown);
    return (error as StatusError).status;
  };
  const failure = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  expect(await refusal({})).toEqual({
    ...failure,
    message: 'admission webhook "a.example.com" denied the request without explanation',
    code: 400,
  });
  expect(await refusal({ status: { code: 403, message: "not on my watch", reason: "Forbidden" } })).toEqual({
    ...failure,
    message: 'admission webhook "a.example.com" denied the request: not on my watch',
    reason: "Forbidden",
    code: 403,
  });
  expect(await refusal({ status: { code: 200, reason: "Because" } })).toMatchObject({
    message: 'admission webhook "a.example.com" denied the request: Because',
    code: 400,
  });
});

test("what a broken webhook does depends on its failure policy", async () => {
  const bed = await start({
    "https://b": () => ({ uid: "other" }),
    "https://c": () => ({ allowed: true, patch: "W10=", patchType: "JSONPatch" }),
  });
  await bed.configure("Validating", "a", { failurePolicy: "Ignore" });
  await bed.create("configmaps", { metadata: { name: "x" } });
  expect(Object.fromEntries(bed.annotations)).toEqual({
    "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "a.example.com",
  });
  await bed.configure("Validating", "b", {});
  const wrongUid =
    /^Internal error occurred: failed calling webhook "b.example.com": received invalid webhook response: expected response.uid="[^"]+", got "other"$/;
  await expect(bed.create("configmaps", { metadata: { name: "y" } })).rejects.toThrow(wrongUid);
  await bed.registry.delete(bed.context(), { ...addressOf("validatingwebhookconfigurations"), name: "b" }, {});
  await bed.configure("Validating", "c", {});
  await expect(bed.create("configmaps", { metadata: { name: "y" } })).rejects.toThrow(
    'Internal error occurred: failed calling webhook "c.example.com": received invalid webhook response: validating webhook may not return response.patch',
  );
  await bed.registry.delete(bed.context(), { ...addressOf("validatingwebhookconfigurations"), name: "c" }, {});
  await bed.configure("Validating", "nowhere", {});
  await expect(bed.create("configmaps", { metadata: { name: "y" } })).rejects.toMatchObject({
    message:
      'Internal error occurred: failed calling webhook "nowhere.example.com": failed to call webhook: Post "https://nowhere?timeout=10s": dial tcp: lookup nowhere: no such host',
    code: 500,
  });
});

function addressOf(resource: string): typeof toyAddress {
  return { ...toyAddress, group: "admissionregistration.k8s.io", version: "v1", resource, namespace: "" };
}

test("webhooks run in the order of their configurations' names, and again when a later one changes the object", async () => {
  const bed = await start({
    "https://a": ({ object }) => {
      const { data = {} } = object as { data?: Record<string, string> };
      return patch({ op: "add", path: "/metadata/labels", value: { seen: Object.keys(data).join("-") || "nothing" } });
    },
    "https://b": ({ object }) =>
      (object as { data?: unknown }).data === undefined ? patch({ op: "add", path: "/data", value: { b: "1" } }) : { allowed: true },
    "https://c": () => ({ allowed: true }),
  });
  await bed.configure("Mutating", "c", { reinvocationPolicy: "IfNeeded" });
  await bed.configure("Mutating", "b", { reinvocationPolicy: "Never" });
  await bed.configure("Mutating", "a", { reinvocationPolicy: "IfNeeded" });
  const made = await bed.create("configmaps", { metadata: { name: "x" } });
  expect(made).toMatchObject({ metadata: { labels: { seen: "b" } }, data: { b: "1" } });
  // a has not seen what b did; then c has not seen what a did.
  expect(bed.calls).toEqual(["https://a", "https://b", "https://c", "https://a", "https://c"]);
  expect(bed.annotations.get("mutation.webhook.admission.k8s.io/round_1_index_0")).toContain('"mutated":true');
});

test("rules, selectors and conditions decide who is called", async () => {
  const bed = await start({ "https://a": () => ({ allowed: false, status: { message: "a" } }) });
  const refused = async (given: Partial<ValidatingWebhook>, object: Record<string, unknown> = {}): Promise<boolean> => {
    await bed.configure("Validating", "a", given);
    const made = await bed.create("configmaps", { metadata: { generateName: "x-", labels: { app: "web" } }, ...object }).then(
      () => false,
      () => true,
    );
    await bed.registry.delete(bed.context(), { ...addressOf("validatingwebhookconfigurations"), name: "a" }, {});
    return made;
  };
  const rule = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] };
  expect(await refused({ rules: [rule] })).toBe(true);
  expect(await refused({ rules: [{ ...rule, operations: ["UPDATE", "DELETE"] }] })).toBe(false);
  expect(await refused({ rules: [{ ...rule, apiGroups: ["apps"] }] })).toBe(false);
  expect(await refused({ rules: [{ ...rule, apiVersions: ["v2"] }] })).toBe(false);
  expect(await refused({ rules: [{ ...rule, resources: ["*"] }] })).toBe(true);
  expect(await refused({ rules: [{ ...rule, resources: ["*/*"] }] })).toBe(true);
  expect(await refused({ rules: [{ ...rule, resources: ["configmaps/status"] }] })).toBe(false);
  expect(await refused({ rules: [{ ...rule, scope: "Cluster" }] })).toBe(false);
  expect(await refused({ rules: [{ ...rule, scope: "Namespaced" }] })).toBe(true);
  expect(await refused({ namespaceSelector: { matchLabels: { team: "blue" } } })).toBe(true);
  expect(await refused({ namespaceSelector: { matchLabels: { team: "red" } } })).toBe(false);
  expect(await refused({ objectSelector: { matchLabels: { app: "web" } } })).toBe(true);
  expect(await refused({ objectSelector: { matchLabels: { app: "db" } } })).toBe(false);
});

test("equivalent resources are shown in the version of the rule", async () => {
  const seen: Review["request"][] = [];
  const bed = await start({
    "https://a": (request) => {
      seen.push(request);
      return patch({ op: "replace", path: "/note", value: "changed" });
    },
  });
  const rules = [{ operations: ["CREATE"], apiGroups: ["events.k8s.io"], apiVersions: ["v1"], resources: ["events"] }];
  await bed.configure("Mutating", "a", { rules, matchPolicy: "Exact" });
  const event = {
    metadata: { name: "e" },
    involvedObject: { kind: "Pod", namespace: "ns" },
    message: "original",
    reason: "R",
    type: "Normal",
  };
  expect(await bed.create("events", event)).toMatchObject({ message: "original" });
  await bed.registry.delete(bed.context(), { ...addressOf("mutatingwebhookconfigurations"), name: "a" }, {});
  await bed.configure("Mutating", "a", { rules });
  expect(await bed.create("events", { ...event, metadata: { name: "f" } })).toMatchObject({ message: "changed", apiVersion: "v1" });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    kind: { group: "events.k8s.io", version: "v1", kind: "Event" },
    resource: { group: "events.k8s.io", version: "v1", resource: "events" },
    requestKind: { group: "", version: "v1", kind: "Event" },
    requestResource: { group: "", version: "v1", resource: "events" },
    object: { apiVersion: "events.k8s.io/v1", note: "original", regarding: { kind: "Pod" } },
  });
});

test("webhooks are told of a dry run", async () => {
  const bed = await start({
    "https://a": ({ dryRun, options }) => ({ allowed: dryRun === true && JSON.stringify(options).includes('"dryRun":["All"]') }),
  });
  await bed.configure("Validating", "a", { sideEffects: "NoneOnDryRun" });
  await bed.create("configmaps", { metadata: { name: "x" } }, { isDryRun: true });
  await expect(bed.create("configmaps", { metadata: { name: "x" } })).rejects.toThrow("denied the request without explanation");
});

test("deletions come with the old object, collections without a name, scales as Scales, bindings as Bindings, connections with options", async () => {
  const seen: Review["request"][] = [];
  const bed = await start({
    "https://a": (request) => {
      seen.push(request);
      return { allowed: true };
    },
  });
  const core = { ...toyAddress, group: "", version: "v1" };
  await bed.create("configmaps", { metadata: { name: "x" }, data: { a: "1" } });
  const deployment = {
    metadata: { name: "d" },
    spec: {
      selector: { matchLabels: { a: "b" } },
      template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
    },
  };
  await bed.create("deployments", deployment);
  await bed.create("pods", { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } });
  await bed.configure("Validating", "a", { rules: [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] }] });
  await bed.registry.delete(bed.context(), { ...core, resource: "configmaps", name: "x" }, { gracePeriodSeconds: 0 });
  expect(seen.pop()).toMatchObject({
    operation: "DELETE",
    name: "x",
    object: null,
    oldObject: { data: { a: "1" } },
    options: { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", gracePeriodSeconds: 0 },
  });
  await bed.create("configmaps", { metadata: { name: "y" } });
  await bed.registry.deleteCollection(bed.context(), { ...core, resource: "configmaps" }, {}, {});
  expect(seen.pop()).not.toHaveProperty("name");
  const scale = jsonBody({ kind: "Scale", apiVersion: "autoscaling/v1", metadata: { name: "d" }, spec: { replicas: 3 } });
  await bed.registry.update(bed.context(), { ...core, group: "apps", resource: "deployments", name: "d", subresource: "scale" }, scale);
  expect(seen.pop()).toMatchObject({
    operation: "UPDATE",
    kind: { group: "autoscaling", version: "v1", kind: "Scale" },
    resource: { group: "apps", version: "v1", resource: "deployments" },
    subResource: "scale",
    object: { spec: { replicas: 3 } },
    oldObject: { spec: { replicas: 1 } },
  });
  const binding = jsonBody({ kind: "Binding", apiVersion: "v1", metadata: { name: "p" }, target: { name: "n" } });
  await bed.registry.create(bed.context(), { ...core, resource: "pods", name: "p", subresource: "binding" }, binding);
  expect(seen.pop()).toMatchObject({
    operation: "CREATE",
    kind: { kind: "Binding" },
    subResource: "binding",
    object: { target: { name: "n" } },
  });
  const options = { kind: "PodExecOptions", apiVersion: "v1", command: ["ls"] } as unknown as UnstructuredObject;
  await bed.registry.admitConnection(bed.context(), { ...core, resource: "pods", name: "p", subresource: "exec" }, options);
  expect(seen.pop()).toMatchObject({
    operation: "CONNECT",
    kind: { kind: "PodExecOptions" },
    subResource: "exec",
    object: { command: ["ls"] },
    options: null,
  });
});

test("configurations of webhooks and policies are never intercepted", async () => {
  const bed = await start({});
  await bed.configure("Validating", "a", { rules: [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] }] });
  await expect(bed.create("configmaps", { metadata: { name: "x" } })).rejects.toThrow("failed calling webhook");
  await bed.configure("Validating", "b", {});
  await bed.registry.delete(bed.context(), { ...addressOf("validatingwebhookconfigurations"), name: "a" }, {});
});
