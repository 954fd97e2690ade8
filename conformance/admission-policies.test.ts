/**
 * Admission policies of the sort that people publish (required labels, replica limits, image registries, sidecars, defaults), applied and met with
 * kubectl: parameters, actions, messages, variables, failures, type checking, changes.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi } from "./src/api.ts";
import { Coracle, eventually, findKubectls, Kubectl } from "./src/coracle.ts";

const coracle = new Coracle();
let kubectl: Kubectl;
let api: RawApi;
let count = 0;
const group = "admissionregistration.k8s.io";

beforeAll(() => {
  const cluster = coracle.up("policies", "--ephemeral", "--runtime", "simulated", "--port", "0");
  const binary = findKubectls().at(-1);
  if (binary === undefined) throw new Error("no kubectl on this machine: install one (Debian: kubernetes-client)");
  kubectl = new Kubectl(binary, cluster.kubeconfig);
  api = new RawApi(cluster.kubeconfig);
});
afterAll(() => coracle[Symbol.dispose]());

interface PolicyOptions {
  readonly name?: string;
  readonly kind?: "Validating" | "Mutating";
  readonly rule?: object;
  /** Of the policy. */
  readonly spec?: object;
  /** Of the binding. */
  readonly binding?: object;
}

/** A policy and its binding to the namespace `default`, until the result is disposed of. */
async function enforce({
  name = `p${++count}.example.com`,
  kind = "Validating",
  rule = {},
  spec = {},
  binding = {},
}: PolicyOptions): Promise<AsyncDisposable> {
  const resourceRules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"], ...rule }];
  const policy = {
    apiVersion: `${group}/v1`,
    kind: `${kind}AdmissionPolicy`,
    metadata: { name },
    spec: { matchConstraints: { resourceRules }, ...(kind === "Mutating" && { reinvocationPolicy: "Never" }), ...spec },
  };
  const matchResources = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } } };
  const actions = kind === "Validating" ? { validationActions: ["Deny"] } : {};
  const bound = {
    apiVersion: `${group}/v1`,
    kind: `${kind}AdmissionPolicyBinding`,
    metadata: { name: `${name}.binding` },
    spec: { policyName: name, matchResources, ...actions, ...binding },
  };
  const paths = [policy, bound].map(({ kind: each }) => `/apis/${group}/v1/${each.toLowerCase().replace(/y$/, "ie")}s`);
  for (const [index, object] of [policy, bound].entries()) {
    const { code, value } = await api.json("POST", paths[index] ?? "", object);
    expect([code, value["message"]]).toEqual([201, undefined]);
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const [index, { metadata }] of [policy, bound].entries()) await api.json("DELETE", `${paths[index]}/${metadata.name}`);
    },
  };
}

function configMap(data: Record<string, string> = {}, metadata: object = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `map-${++count}`, namespace: "default", ...metadata }, data };
}

interface Answered {
  readonly code: number;
  readonly message: string | undefined;
  readonly reason: string | undefined;
  readonly value: Record<string, unknown>;
}

async function post(object: object = configMap(), path = "/api/v1/namespaces/default/configmaps"): Promise<Answered> {
  const { code, value } = await api.json("POST", path, object);
  return { code, message: value["message"] as string | undefined, reason: value["reason"] as string | undefined, value };
}

const deployments = { apiGroups: ["apps"], resources: ["deployments"] };
const deploymentsPath = "/apis/apps/v1/namespaces/default/deployments";

function deployment(replicas: number, { image = "registry.example/web:1", labels = {} }: { image?: string; labels?: object } = {}): object {
  const app = { app: `d${++count}` };
  const template = { metadata: { labels: app }, spec: { containers: [{ name: "web", image }] } };
  const metadata = { name: `d${count}`, namespace: "default", labels };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas, selector: { matchLabels: app }, template } };
}

describe("validating policies", () => {
  it("refuse, in kubectl's words", async () => {
    await using _ = await enforce({
      name: "labels.example.com",
      rule: deployments,
      spec: {
        validations: [{ expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", message: "a team is missing" }],
      },
    });
    const output = kubectl.try(["create", "-f", "-"], { input: JSON.stringify({ ...deployment(0), metadata: { name: "web" } }) });
    expect(output.code).toBe(1);
    expect(output.stderr.trim()).toBe(
      `The deployments "web" is invalid: : ValidatingAdmissionPolicy 'labels.example.com' with binding 'labels.example.com.binding' denied request: a team is missing`,
    );
    expect(kubectl.pipe(JSON.stringify(deployment(0, { labels: { team: "a" } })), "create", "-f", "-")).toContain("created");
  });

  it("say why with an expression of their own, and with their reason", async () => {
    await using _ = await enforce({
      name: "reasons.example.com",
      rule: deployments,
      spec: {
        variables: [
          { name: "most", expression: "5" },
          { name: "images", expression: "object.spec.template.spec.containers.map(c, c.image)" },
        ],
        validations: [
          {
            expression: "object.spec.replicas <= variables.most",
            messageExpression: "'at most ' + string(variables.most) + ' replicas, not ' + string(object.spec.replicas)",
            reason: "Forbidden",
          },
          {
            expression: "variables.images.all(i, i.startsWith('registry.example/'))",
            messageExpression: "'not ' + string(variables.images[0])",
            reason: "RequestEntityTooLarge",
          },
        ],
      },
    });
    const start = "ValidatingAdmissionPolicy 'reasons.example.com' with binding 'reasons.example.com.binding' denied request: ";
    const many = await post(deployment(6), deploymentsPath);
    expect(many).toMatchObject({ code: 403, reason: "Forbidden" });
    expect(many.message).toContain(`${start}at most 5 replicas, not 6`);
    const foreign = await post(deployment(1, { image: "elsewhere/web" }), deploymentsPath);
    expect(foreign).toMatchObject({ code: 413, reason: "RequestEntityTooLarge" });
    expect(foreign.message).toContain(`${start}not elsewhere/web`);
    expect((await post(deployment(1), deploymentsPath)).code).toBe(201);
  });

  it("may only warn", async () => {
    await using _ = await enforce({
      name: "warn.example.com",
      spec: { validations: [{ expression: "has(object.data)", message: "it is empty" }] },
      binding: { validationActions: ["Warn", "Audit"] },
    });
    const output = kubectl.try(["create", "configmap", "empty"]);
    expect(output).toEqual({
      code: 0,
      stdout: "configmap/empty created\n",
      stderr:
        "Warning: Validation failed for ValidatingAdmissionPolicy 'warn.example.com' with binding 'warn.example.com.binding': it is empty\n",
    });
  });

  it("compare with what was, for updates and deletions", async () => {
    await using _ = await enforce({
      rule: { operations: ["UPDATE", "DELETE"] },
      spec: {
        validations: [
          { expression: "request.operation != 'UPDATE' || object.data == oldObject.data", message: "data never change" },
          { expression: "request.operation != 'DELETE' || !('keep' in oldObject.data)", message: "it is kept" },
        ],
      },
    });
    await post(configMap({ keep: "yes" }, { name: "kept" }));
    const path = "/api/v1/namespaces/default/configmaps/kept";
    const merge = "application/merge-patch+json";
    const patched = await api.json("PATCH", path, { data: { keep: "no" } }, merge);
    expect(patched.value["message"]).toContain("denied request: data never change");
    expect((await api.json("PATCH", path, { metadata: { labels: { a: "b" } } }, merge)).code).toBe(200);
    expect((await api.json("DELETE", path)).value["message"]).toContain("denied request: it is kept");
  });

  it("know the namespace, the user and what the user may do", async () => {
    kubectl.run("label", "namespace", "default", "tier=gold", "--overwrite");
    await using _ = await enforce({
      spec: {
        matchConditions: [{ name: "only-asked", expression: "'ask' in object.data" }],
        validations: [
          { expression: "object.data.ask != 'tier' || namespaceObject.metadata.labels.tier == 'silver'", message: "wrong tier" },
          { expression: "object.data.ask != 'user' || request.userInfo.username == 'somebody'", message: "wrong user" },
          {
            expression:
              "object.data.ask != 'right' || authorizer.group('').resource('secrets').namespace('default').check('get').allowed()",
            message: "no right",
          },
        ],
      },
    });
    expect((await post(configMap({ ask: "tier" }))).message).toContain("wrong tier");
    expect((await post(configMap({ ask: "user" }))).message).toContain("wrong user");
    expect((await post(configMap({ ask: "right" }))).code).toBe(201);
    kubectl.run("create", "clusterrole", "map-writer", "--verb=create", "--resource=configmaps");
    kubectl.run("create", "clusterrolebinding", "map-writer", "--clusterrole=map-writer", "--user=writer");
    const output = kubectl.try(["create", "--as=writer", "-f", "-"], { input: JSON.stringify(configMap({ ask: "right" })) });
    expect(output.stderr).toContain("denied request: no right");
    expect((await post(configMap({ other: "yes" }))).code).toBe(201);
  });

  it("see connections to pods", async () => {
    kubectl.run("run", "shell", "--image=registry.example/pause");
    await using _ = await enforce({
      rule: { operations: ["CONNECT"], resources: ["pods/exec"] },
      spec: { validations: [{ expression: "!('sh' in object.command)", message: "no shells" }] },
    });
    const { value } = await api.json("POST", "/api/v1/namespaces/default/pods/shell/exec?command=sh&stdout=true");
    expect(value["message"]).toContain("denied request: no shells");
  });

  it("never judge policies and bindings", async () => {
    await using _ = await enforce({
      rule: { apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] },
      spec: { validations: [{ expression: "false", message: "nothing at all" }] },
      binding: { matchResources: {} },
    });
    await eventually(async () => expect((await post()).code).toBe(422));
    await using __ = await enforce({ spec: { validations: [{ expression: "true" }] } });
  });
});

describe("what goes wrong", () => {
  const failing = { validations: [{ expression: "object.data.missing == 'x'" }] };

  it("refuses, or lets pass, as the failure policy says", async () => {
    {
      await using _ = await enforce({ name: "closed.example.com", spec: failing });
      const { code, message } = await post(configMap({ a: "1" }));
      expect(code).toBe(422);
      expect(message).toContain(
        "ValidatingAdmissionPolicy 'closed.example.com' with binding 'closed.example.com.binding' denied request: expression 'object.data.missing == 'x'' resulted in error: no such key: missing",
      );
    }
    await using _ = await enforce({ spec: { ...failing, failurePolicy: "Ignore" } });
    expect((await post()).code).toBe(201);
  });

  it("ends expressions that cost too much", async () => {
    const range = "[1,2,3,4,5,6,7,8,9,10]";
    const nested = `${range}.all(a, ${range}.all(b, ${range}.all(c, ${range}.all(d, ${range}.all(e, ${range}.all(f, ${range}.all(g, size(object.data) < a + 1000)))))))`;
    await using _ = await enforce({ spec: { validations: [{ expression: nested }] } });
    const startedMs = Date.now();
    const { code, message } = await post(configMap({ a: "1" }));
    expect(code).toBe(422);
    expect(message).toMatch(/cost|budget/);
    expect(Date.now() - startedMs).toBeLessThan(20_000);
  });

  it("is told when the policy is written", () => {
    const attempt = (spec: object): string => {
      const resourceRules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }];
      const policy = {
        apiVersion: `${group}/v1`,
        kind: "ValidatingAdmissionPolicy",
        metadata: { name: "wrong" },
        spec: { matchConstraints: { resourceRules }, ...spec },
      };
      return kubectl.try(["create", "-f", "-"], { input: JSON.stringify(policy) }).stderr;
    };
    expect(attempt({ validations: [{ expression: "object.data ==" }] })).toContain(
      'spec.validations[0].expression: Invalid value: "object.data ==": compilation failed: ERROR: <input>:1:15: Syntax error:',
    );
    expect(attempt({ validations: [{ expression: "1 + 1" }] })).toContain("must evaluate to bool");
    expect(attempt({ validations: [{ expression: "params.a == 1" }] })).toContain("undeclared reference to 'params'");
    expect(attempt({ validations: [{ expression: "variables.unknown" }] })).toContain("undeclared reference to 'variables'");
    const variables = [{ name: "known", expression: "1" }];
    expect(attempt({ variables, validations: [{ expression: "variables.unknown > 1" }] })).toContain("undefined field 'unknown'");
    expect(attempt({})).toContain("spec.validations: Required value: validations or auditAnnotations must contain at least one item");
  });

  it("is looked for with the types of what the rules name", async () => {
    await using _ = await enforce({
      name: "typed.example.com",
      rule: deployments,
      spec: { validations: [{ expression: "object.spec.replicas > '1'", messageExpression: "'got ' + object.spec.replicas" }] },
    });
    const read = (): string => kubectl.run("get", "validatingadmissionpolicy", "typed.example.com", "-o", "jsonpath={.status}");
    await eventually(() => expect(read()).toContain("typeChecking"));
    const { typeChecking, observedGeneration } = JSON.parse(read()) as {
      typeChecking: { expressionWarnings: { fieldRef: string; warning: string }[] };
      observedGeneration: number;
    };
    expect(observedGeneration).toBe(1);
    expect(typeChecking.expressionWarnings.map(({ fieldRef }) => fieldRef)).toEqual([
      "spec.validations[0].expression",
      "spec.validations[0].messageExpression",
    ]);
    expect(typeChecking.expressionWarnings[0]?.warning).toMatch(
      /^apps\/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '\(int, string\)'/,
    );
    expect(typeChecking.expressionWarnings[1]?.warning).toContain("found no matching overload for '_+_' applied to '(string, int)'");
  });
});

describe("parameters", () => {
  const spec = {
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    validations: [{ expression: "object.spec.replicas <= int(params.data.most)", messageExpression: "'at most ' + params.data.most" }],
  };

  it("are ConfigMaps, found by name or by label, in the namespace of the request unless another is named", async () => {
    kubectl.run("create", "configmap", "most-3", "--from-literal=most=3");
    kubectl.run("create", "configmap", "most-2", "--from-literal=most=2");
    kubectl.run("label", "configmap", "most-3", "most-2", "limits=yes");
    {
      await using _ = await enforce({
        rule: deployments,
        spec,
        binding: { paramRef: { name: "most-3", parameterNotFoundAction: "Deny" } },
      });
      expect((await post(deployment(4), deploymentsPath)).message).toContain("denied request: at most 3");
      expect((await post(deployment(3), deploymentsPath)).code).toBe(201);
      kubectl.run("patch", "configmap", "most-3", "--type=merge", "-p", '{"data":{"most":"4"}}');
      await eventually(async () => expect((await post(deployment(4), deploymentsPath)).code).toBe(201));
    }
    const selector = { matchLabels: { limits: "yes" } };
    await using _ = await enforce({ rule: deployments, spec, binding: { paramRef: { selector, parameterNotFoundAction: "Deny" } } });
    expect((await post(deployment(3), deploymentsPath)).message).toContain("denied request: at most 2");
    expect((await post(deployment(2), deploymentsPath)).code).toBe(201);
  });

  it("that are not there refuse or let pass", async () => {
    {
      await using _ = await enforce({
        name: "absent.example.com",
        rule: deployments,
        spec,
        binding: { paramRef: { name: "absent", namespace: "default", parameterNotFoundAction: "Deny" } },
      });
      const { code, message } = await post(deployment(1), deploymentsPath);
      expect(code).toBe(422);
      expect(message).toMatch(
        /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction|no params found/,
      );
    }
    const paramRef = { name: "absent", namespace: "default", parameterNotFoundAction: "Allow" };
    await using _ = await enforce({ rule: deployments, spec, binding: { paramRef } });
    expect((await post(deployment(9), deploymentsPath)).code).toBe(201);
  });

  it("are custom resources, too", async () => {
    const properties = { spec: { type: "object", properties: { most: { type: "integer" } } } };
    kubectl.pipe(
      JSON.stringify({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "limits.example.com" },
        spec: {
          group: "example.com",
          scope: "Cluster",
          names: { plural: "limits", kind: "Limit" },
          versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties } } }],
        },
      }),
      "create",
      "-f",
      "-",
    );
    kubectl.run("wait", "--for=condition=Established", "crd/limits.example.com");
    kubectl.pipe(
      JSON.stringify({ apiVersion: "example.com/v1", kind: "Limit", metadata: { name: "l" }, spec: { most: 1 } }),
      "create",
      "-f",
      "-",
    );
    await using _ = await enforce({
      rule: deployments,
      spec: {
        paramKind: { apiVersion: "example.com/v1", kind: "Limit" },
        validations: [{ expression: "object.spec.replicas <= params.spec.most", message: "too many" }],
      },
      binding: { paramRef: { name: "l", parameterNotFoundAction: "Deny" } },
    });
    await eventually(async () => expect((await post(deployment(2), deploymentsPath)).message).toContain("denied request: too many"));
    expect((await post(deployment(1), deploymentsPath)).code).toBe(201);
  });
});

describe("mutating policies", () => {
  const configured = (expression: string): object => ({ patchType: "ApplyConfiguration", applyConfiguration: { expression } });
  const patched = (expression: string): object => ({ patchType: "JSONPatch", jsonPatch: { expression } });
  const mutate = (mutations: readonly object[], more: PolicyOptions = {}): Promise<AsyncDisposable> =>
    enforce({ ...more, kind: "Mutating", spec: { mutations, ...more.spec } });

  it("apply a configuration, or a patch", async () => {
    await using _ = await mutate([
      configured("Object{metadata: Object.metadata{labels: {'team': 'a'}, annotations: {'by': 'policy'}}}"),
      patched(
        "[JSONPatch{op: 'test', path: '/metadata/labels/team', value: 'a'}, JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('example.com/a~b'), value: 'x'}]",
      ),
    ]);
    const { value } = await post(configMap({ k: "v" }, { labels: { own: "yes" } }));
    expect(value["message"]).toMatch(/metadata\.annotations: Invalid value: "example\.com\/a~b": /);
    await using __ = await mutate([
      patched("[JSONPatch{op: 'replace', path: '/metadata/annotations', value: {'example.com/a': string(size(object.data))}}]"),
    ]);
    const second = await post(configMap({ k: "v" }, { labels: { own: "yes" } }));
    expect(second.value).toMatchObject({
      metadata: { labels: { own: "yes", team: "a" }, annotations: { "example.com/a": "1" } },
      data: { k: "v" },
    });
  });

  it("put a container beside others, once", async () => {
    await using _ = await mutate(
      [
        configured(
          "Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: 'mesh', image: 'registry.example/mesh', restartPolicy: 'Always'}]}}",
        ),
      ],
      {
        rule: { operations: ["CREATE"], resources: ["pods"] },
        spec: {
          reinvocationPolicy: "IfNeeded",
          matchConditions: [
            { name: "without", expression: "!has(object.spec.initContainers) || !object.spec.initContainers.exists(c, c.name == 'mesh')" },
          ],
        },
      },
    );
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `pod-${++count}` },
      spec: { containers: [{ name: "c", image: "registry.example/pause" }] },
    };
    const { code, value } = await post(pod, "/api/v1/namespaces/default/pods");
    expect(code).toBe(201);
    const { initContainers, containers } = value["spec"] as { initContainers: object[]; containers: object[] };
    expect(initContainers).toEqual([expect.objectContaining({ name: "mesh", restartPolicy: "Always", terminationMessagePolicy: "File" })]);
    expect(containers).toHaveLength(1);
  });

  it("take values from parameters and variables", async () => {
    kubectl.run("create", "configmap", "owner", "--from-literal=owner=ann");
    await using _ = await mutate([configured("Object{metadata: Object.metadata{annotations: {'owner': variables.owner}}}")], {
      spec: { paramKind: { apiVersion: "v1", kind: "ConfigMap" }, variables: [{ name: "owner", expression: "params.data.owner" }] },
      binding: { paramRef: { name: "owner", parameterNotFoundAction: "Deny" } },
    });
    const { value } = await post();
    expect(value).toMatchObject({ metadata: { annotations: { owner: "ann" } } });
  });

  it("change what validating policies and the schema see", async () => {
    await using _ = await mutate([configured("Object{data: {'marked': 'yes'}}")]);
    await using __ = await enforce({ spec: { validations: [{ expression: "!has(object.data.marked)", message: "marked" }] } });
    await eventually(async () => expect((await post()).message).toContain("denied request: marked"));
  });

  it("that fail refuse, or are left out", async () => {
    const wrong = patched("[JSONPatch{op: 'remove', path: '/data/missing'}]");
    {
      await using _ = await mutate([wrong]);
      expect((await post()).code).toBeGreaterThanOrEqual(400);
    }
    await using _ = await mutate([wrong], { spec: { failurePolicy: "Ignore" } });
    expect((await post()).code).toBe(201);
  });

  it("are compiled when they are written", () => {
    const resourceRules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }];
    const attempt = (mutation: object): string =>
      kubectl.try(["create", "-f", "-"], {
        input: JSON.stringify({
          apiVersion: `${group}/v1`,
          kind: "MutatingAdmissionPolicy",
          metadata: { name: "wrong" },
          spec: { matchConstraints: { resourceRules }, reinvocationPolicy: "Never", mutations: [mutation] },
        }),
      }).stderr;
    expect(attempt(configured("Object{"))).toContain("spec.mutations[0].applyConfiguration.expression: Invalid value:");
    expect(attempt(configured("'text'"))).toContain("must evaluate to Object");
    expect(attempt(patched("'text'"))).toMatch(/must evaluate to (one of )?.*JSONPatch/);
    expect(attempt({ patchType: "ApplyConfiguration" })).toContain("spec.mutations[0].applyConfiguration: Required value");
  });
});
