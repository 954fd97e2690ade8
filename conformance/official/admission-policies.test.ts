/** Admission policies of the official suite. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { Calls, type Thing } from "./calls.ts";
import { official } from "./list.ts";

let server: ServerUnderTest;
let calls: Calls;
const group = "admissionregistration.k8s.io";
const root = `/apis/${group}/v1`;

beforeAll(() => {
  server = serverUnderTest("policies");
  calls = new Calls(new RawApi(server.kubeconfig), "policies");
});
afterAll(() => server[Symbol.dispose]());

function workload(kind: string, name: string, replicas: number): object {
  const labels = { app: name };
  const containers = [{ name: "c", image: "registry.example/pause" }];
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

const deployments = { resourceRules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] }] };

/** A policy for Deployments, bound to one namespace, until the result is disposed of. */
async function enforce(kind: "Validating" | "Mutating", namespace: string, spec: object): Promise<AsyncDisposable> {
  const name = `${namespace}.example.com`;
  const policies = `${root}/${kind.toLowerCase()}admissionpolicies`;
  const bindings = `${root}/${kind.toLowerCase()}admissionpolicybindings`;
  const matchResources = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } };
  const actions = kind === "Validating" ? { validationActions: ["Deny"] } : {};
  await calls.expect(201, `POST ${policies}`, {
    apiVersion: `${group}/v1`,
    kind: `${kind}AdmissionPolicy`,
    metadata: { name },
    spec: { matchConstraints: deployments, failurePolicy: "Fail", ...spec },
  });
  await calls.expect(201, `POST ${bindings}`, {
    apiVersion: `${group}/v1`,
    kind: `${kind}AdmissionPolicyBinding`,
    metadata: { name },
    spec: { policyName: name, matchResources, ...actions },
  });
  return {
    async [Symbol.asyncDispose]() {
      await calls.api.json("DELETE", `${bindings}/${name}`);
      await calls.api.json("DELETE", `${policies}/${name}`);
    },
  };
}

/** What a Deployment of one replica is answered with, once the policy is in force. */
async function expectDenied(namespace: string, message: string): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await eventually(async () => {
    const { code, value } = await calls.api.json<{ reason?: string; message?: string }>("POST", path, workload("Deployment", "marker", 1));
    if (code === 201) await calls.api.json("DELETE", `${path}/marker`);
    expect({ code, reason: value.reason, message: value.message }).toEqual({ code: 422, reason: "Invalid", message });
  });
}

describe("validating", () => {
  it(official("api-machinery", "ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should validate against a Deployment"), async () => {
    const namespace = await calls.newNamespace();
    const name = `${namespace}.example.com`;
    await using _ = await enforce("Validating", namespace, {
      validations: [
        { expression: "object.spec.replicas > 1", messageExpression: "'wants replicas > 1, got ' + object.spec.replicas" },
        {
          expression: `namespaceObject.metadata.name == '${namespace}'`,
          message: "Internal error! Other namespace should not be allowed.",
        },
      ],
    });
    const denied = `deployments.apps "marker" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: failed expression: object.spec.replicas > 1`;
    await expectDenied(namespace, denied);
    const apps = `/apis/apps/v1/namespaces/${namespace}`;
    await calls.expect(201, `POST ${apps}/deployments`, workload("Deployment", "replicated", 2));
    await calls.expect(201, `POST ${apps}/replicasets`, workload("ReplicaSet", "non-replicated", 1));
    const elsewhere = await calls.newNamespace();
    await calls.expect(201, `POST /apis/apps/v1/namespaces/${elsewhere}/deployments`, workload("Deployment", "single", 1));
  });

  it(
    official("api-machinery", "ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should allow expressions to refer variables."),
    async () => {
      const namespace = await calls.newNamespace();
      const name = `${namespace}.example.com`;
      await using _ = await enforce("Validating", namespace, {
        variables: [
          { name: "replicas", expression: "object.spec.replicas" },
          { name: "oddReplicas", expression: "variables.replicas % 2 == 1" },
        ],
        validations: [{ expression: "variables.replicas > 1" }, { expression: "variables.oddReplicas" }],
      });
      await expectDenied(
        namespace,
        `deployments.apps "marker" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: failed expression: variables.replicas > 1`,
      );
      const apps = `/apis/apps/v1/namespaces/${namespace}`;
      expect((await calls.refusal(`POST ${apps}/deployments`, workload("Deployment", "even", 2))).message).toContain(
        "failed expression: variables.oddReplicas",
      );
      await calls.expect(201, `POST ${apps}/deployments`, workload("Deployment", "replicated", 3));
      await calls.expect(201, `POST ${apps}/replicasets`, workload("ReplicaSet", "non-replicated", 1));
    },
  );
});

describe("mutating", () => {
  async function mutated(expression: string, isMutated: (deployment: Thing) => boolean): Promise<void> {
    const namespace = await calls.newNamespace();
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await using _ = await enforce("Mutating", namespace, {
      reinvocationPolicy: "Never",
      mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
    });
    await eventually(async () => {
      const created = await calls.expect(201, `POST ${path}`, workload("Deployment", "marker", 0));
      await calls.expect(200, `DELETE ${path}/marker`);
      expect(isMutated(created)).toBe(true);
    });
  }

  it(official("api-machinery", "MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment with annotations"), () =>
    mutated(
      'Object{metadata: Object.metadata{annotations: {"mutated-by": "admission-policy"}}}',
      ({ metadata }) => metadata.annotations?.["mutated-by"] === "admission-policy",
    ),
  );
  it(official("api-machinery", "MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment"), () =>
    mutated("Object{spec: Object.spec{replicas: 37}}", ({ spec }) => (spec as { replicas: number }).replicas === 37),
  );
});
