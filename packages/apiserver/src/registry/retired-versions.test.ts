import { builtInDefinitions } from "@coracle/api";
import { formatApiVersion, parseApiVersion, type UnstructuredObject } from "@coracle/apimachinery";
import { beforeEach, describe, expect, it } from "vitest";
import type { ResourceAddress } from "./contract.ts";
import { createToyServer, jsonBody, objectIn, toyContext, type ToyServer } from "./toy-server.ts";

let server: ToyServer;
beforeEach(async () => {
  server = await createToyServer({ definitions: builtInDefinitions({ runtimeConfig: { "api/legacy": true } }) });
});

interface Place {
  readonly apiVersion: string;
  readonly resource: string;
  readonly name?: string;
  readonly subresource?: string;
}

function addressOf({ apiVersion, resource, name = "", subresource = "" }: Place): ResourceAddress {
  const { group, version } = parseApiVersion(apiVersion);
  const definition = server.registry.lookup(group, version, resource)?.definition;
  return { group, version, resource, namespace: definition?.isNamespaced === true ? "ns" : "", name, subresource };
}

async function create(apiVersion: string, resource: string, object: object): Promise<UnstructuredObject> {
  return objectIn(
    await server.registry.create(toyContext(), addressOf({ apiVersion, resource }), jsonBody({ metadata: { name: "a" }, ...object })),
  );
}

async function get(apiVersion: string, resource: string, subresource = ""): Promise<UnstructuredObject> {
  return objectIn(await server.registry.get(toyContext(), addressOf({ apiVersion, resource, name: "a", subresource }), {}));
}

async function update(apiVersion: string, resource: string, object: object): Promise<UnstructuredObject> {
  return (await server.registry.update(toyContext(), addressOf({ apiVersion, resource, name: "a" }), jsonBody(object))).view
    .object as UnstructuredObject;
}

const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "busybox" }] } };
const selector = { matchLabels: { app: "a" } };

describe("workloads", () => {
  it.each([
    [
      "extensions/v1beta1",
      { progressDeadlineSeconds: 2 ** 31 - 1, revisionHistoryLimit: 2 ** 31 - 1 },
      { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    ],
    [
      "apps/v1beta1",
      { progressDeadlineSeconds: 600, revisionHistoryLimit: 2 },
      { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
    ],
  ])("a Deployment of %s takes its selector and labels from the template", async (apiVersion, numbers, strategy) => {
    const created = await create(apiVersion, "deployments", { spec: { template } });
    expect(created).toMatchObject({ apiVersion, kind: "Deployment", metadata: { labels: { app: "a" } } });
    const stored = await get("apps/v1", "deployments");
    expect(stored["spec"]).toMatchObject({ replicas: 1, selector, strategy, ...numbers });
  });

  it("a Deployment of apps/v1beta2 needs a selector, and has the defaults of apps/v1", async () => {
    await expect(create("apps/v1beta2", "deployments", { spec: { template } })).rejects.toThrow("spec.selector: Required value");
    await create("apps/v1beta2", "deployments", { spec: { template, selector } });
    expect((await get("apps/v1", "deployments"))["spec"]).toMatchObject({ revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  });

  it("old DaemonSets and StatefulSets wait for somebody to delete their pods", async () => {
    await create("extensions/v1beta1", "daemonsets", { spec: { template } });
    expect((await get("apps/v1", "daemonsets"))["spec"]).toMatchObject({ selector, updateStrategy: { type: "OnDelete" } });
    await create("apps/v1beta1", "statefulsets", { spec: { template, serviceName: "s" } });
    expect((await get("apps/v1", "statefulsets"))["spec"]).toMatchObject({ selector, updateStrategy: { type: "OnDelete" } });
  });

  it("rollbackTo is an annotation in apps/v1, which the subresource sets", async () => {
    await create("extensions/v1beta1", "deployments", { spec: { template, rollbackTo: { revision: 2 } } });
    expect((await get("apps/v1", "deployments")).metadata.annotations).toEqual({ "deprecated.deployment.rollback.to": "2" });
    expect((await get("apps/v1beta1", "deployments"))["spec"]).toMatchObject({ rollbackTo: { revision: 2 } });
    const address = addressOf({ apiVersion: "apps/v1beta1", resource: "deployments", name: "a", subresource: "rollback" });
    const rollback = { name: "a", rollbackTo: { revision: 5 }, updatedAnnotations: { by: "me" } };
    expect(await server.registry.create(toyContext(), address, jsonBody(rollback))).toMatchObject({
      status: "Success",
      message: 'rollback request for deployment "a" succeeded',
      code: 200,
    });
    expect((await get("apps/v1", "deployments")).metadata.annotations).toEqual({ "deprecated.deployment.rollback.to": "5", by: "me" });
    const other = { name: "b", rollbackTo: { revision: -1 } };
    await expect(server.registry.create(toyContext(), address, jsonBody(other))).rejects.toThrow(
      'DeploymentRollback.apps "b" is invalid: rollback.version: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  it("scales in the kind of the version", async () => {
    await create("extensions/v1beta1", "deployments", { spec: { template, replicas: 2 } });
    expect(await get("extensions/v1beta1", "deployments", "scale")).toMatchObject({
      apiVersion: "extensions/v1beta1",
      kind: "Scale",
      spec: { replicas: 2 },
      status: { selector: { app: "a" }, targetSelector: "app=a" },
    });
    const place = { apiVersion: "apps/v1beta2", resource: "deployments", name: "a", subresource: "scale" };
    const scale = { apiVersion: "apps/v1beta2", kind: "Scale", metadata: { name: "a" }, spec: { replicas: 5 } };
    const { view } = await server.registry.update(toyContext(), addressOf(place), jsonBody(scale));
    expect(view.object).toMatchObject({ apiVersion: "apps/v1beta2", spec: { replicas: 5 } });
    expect((await get("autoscaling/v1", "deployments").catch(() => get("apps/v1", "deployments", "scale")))["status"]).toMatchObject({
      selector: "app=a",
    });
    expect((await get("apps/v1", "deployments"))["spec"]).toMatchObject({ replicas: 5 });
  });
});

describe("other kinds", () => {
  it("Ingress backends have their old form, and a path type", async () => {
    const backend = { serviceName: "s", servicePort: 80 };
    const spec = { backend: { serviceName: "d", servicePort: "http" }, rules: [{ http: { paths: [{ path: "/x", backend }] } }] };
    await create("extensions/v1beta1", "ingresses", { spec });
    expect((await get("networking.k8s.io/v1", "ingresses"))["spec"]).toEqual({
      defaultBackend: { service: { name: "d", port: { name: "http" } } },
      rules: [
        {
          http: { paths: [{ path: "/x", pathType: "ImplementationSpecific", backend: { service: { name: "s", port: { number: 80 } } } }] },
        },
      ],
    });
    expect((await get("networking.k8s.io/v1beta1", "ingresses"))["spec"]).toMatchObject(spec);
  });

  it("an empty selector of a PodDisruptionBudget keeps its meaning", async () => {
    await create("policy/v1beta1", "poddisruptionbudgets", { spec: { minAvailable: 1, selector: {} } });
    const stored = await get("policy/v1", "poddisruptionbudgets");
    const key = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";
    expect(stored["spec"]).toMatchObject({ selector: { matchExpressions: [{ key, operator: "Exists" }] } });
    await update("policy/v1", "poddisruptionbudgets", { ...stored, spec: { minAvailable: 1, selector: {} } });
    expect((await get("policy/v1beta1", "poddisruptionbudgets"))["spec"]).toMatchObject({
      selector: { matchExpressions: [{ key, operator: "DoesNotExist" }] },
    });
  });

  it("webhook configurations have the lenient defaults of v1beta1", async () => {
    const webhooks = [{ name: "a.example.com", clientConfig: { service: { name: "s", namespace: "ns" } } }];
    await create("admissionregistration.k8s.io/v1beta1", "validatingwebhookconfigurations", { webhooks });
    const stored = await get("admissionregistration.k8s.io/v1", "validatingwebhookconfigurations");
    expect(stored["webhooks"]).toEqual([
      {
        name: "a.example.com",
        clientConfig: { service: { name: "s", namespace: "ns", port: 443 } },
        failurePolicy: "Ignore",
        matchPolicy: "Exact",
        namespaceSelector: {},
        objectSelector: {},
        sideEffects: "Unknown",
        timeoutSeconds: 30,
        admissionReviewVersions: ["v1beta1"],
      },
    ]);
  });

  it("a certificate request is given a signer", async () => {
    const spec = { request: btoa("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----"), usages: ["client auth"] };
    await create("certificates.k8s.io/v1beta1", "certificatesigningrequests", { spec });
    expect((await get("certificates.k8s.io/v1", "certificatesigningrequests"))["spec"]).toMatchObject({
      signerName: "kubernetes.io/legacy-unknown",
      usages: ["client auth"],
    });
  });

  it("autoscalers convert between four versions", async () => {
    const scaleTargetRef = { apiVersion: "extensions/v1beta1", kind: "Deployment", name: "d" };
    const metrics = [{ type: "Resource", resource: { name: "cpu", targetAverageUtilization: 50 } }];
    await create("autoscaling/v2beta1", "horizontalpodautoscalers", { spec: { scaleTargetRef, maxReplicas: 3, metrics } });
    const target = { type: "Utilization", averageUtilization: 50 };
    for (const version of ["autoscaling/v2", "autoscaling/v2beta2"])
      expect((await get(version, "horizontalpodautoscalers"))["spec"]).toMatchObject({ metrics: [{ resource: { name: "cpu", target } }] });
    expect((await get("autoscaling/v1", "horizontalpodautoscalers"))["spec"]).toMatchObject({ targetCPUUtilizationPercentage: 50 });
  });

  it("a PodSecurityPolicy is kept, in both groups", async () => {
    const any = { rule: "RunAsAny" };
    const spec = { seLinux: any, runAsUser: any, fsGroup: any, supplementalGroups: any, volumes: ["*"] };
    await create("extensions/v1beta1", "podsecuritypolicies", { spec });
    expect((await get("policy/v1beta1", "podsecuritypolicies"))["spec"]).toEqual({ ...spec, allowPrivilegeEscalation: true });
    await expect(
      create("policy/v1beta1", "podsecuritypolicies", { metadata: { name: "b" }, spec: { ...spec, seLinux: {} } }),
    ).rejects.toThrow(
      'PodSecurityPolicy.policy "b" is invalid: spec.seLinux.rule: Unsupported value: "": supported values: "MustRunAs", "RunAsAny"',
    );
  });

  it("a review is answered in its version", async () => {
    let asked: UnstructuredObject | undefined;
    const actionHandlers = {
      "subjectaccessreviews.authorization.k8s.io": async (_context: unknown, _address: unknown, object: UnstructuredObject) => {
        asked = object;
        return { ...object, status: { allowed: true } };
      },
    };
    server = await createToyServer({ definitions: builtInDefinitions({ runtimeConfig: { "api/legacy": true } }), actionHandlers });
    const answer = await create("authorization.k8s.io/v1beta1", "subjectaccessreviews", { spec: { user: "u", group: ["g"] } });
    expect(asked).toMatchObject({ apiVersion: "authorization.k8s.io/v1", spec: { user: "u", groups: ["g"] } });
    expect(answer).toMatchObject({ apiVersion: "authorization.k8s.io/v1beta1", spec: { group: ["g"] }, status: { allowed: true } });
  });
});

describe("the ways of a request", () => {
  it("watches and lists show the version asked for", async () => {
    const types: string[] = [];
    const sink = {
      send: ({ type, view }: { type: string; view: { object: Readonly<UnstructuredObject> } }) =>
        void types.push(`${type} ${view.object.apiVersion} ${view.object.metadata.name}`),
      close() {},
    };
    const address = addressOf({ apiVersion: "extensions/v1beta1", resource: "deployments" });
    using _watch = await server.registry.watch(toyContext(), address, {}, sink);
    await create("apps/v1", "deployments", { spec: { template, selector } });
    expect(types).toEqual(["ADDED extensions/v1beta1 a"]);
    const { items } = await server.registry.list(toyContext(), address, { fieldSelector: "metadata.name=a" });
    expect(items.map(({ object }) => object.apiVersion)).toEqual(["extensions/v1beta1"]);
  });

  it("patches happen in the version of the path", async () => {
    await create("extensions/v1beta1", "ingresses", { spec: { backend: { serviceName: "d", servicePort: 80 } } });
    const address = addressOf({ apiVersion: "networking.k8s.io/v1beta1", resource: "ingresses", name: "a" });
    const body = jsonBody({ spec: { backend: { servicePort: 81 } } });
    const patch = { contentType: "application/strategic-merge-patch+json", body, force: false };
    const { view } = await server.registry.patch(toyContext(), address, patch);
    expect(view.object["spec"]).toEqual({ backend: { serviceName: "d", servicePort: 81 } });
  });

  it("server-side apply records the version, and sees through it", async () => {
    const apply = (apiVersion: string, spec: object, fieldManager: string): Promise<UnstructuredObject> => {
      const address = addressOf({ apiVersion, resource: "ingresses", name: "a" });
      const body = jsonBody({ apiVersion, kind: "Ingress", metadata: { name: "a" }, spec });
      const patch = { contentType: "application/apply-patch+yaml", body, force: false };
      return server.registry.patch(toyContext({ fieldManager }), address, patch).then(({ view }) => view.object as UnstructuredObject);
    };
    const old = { backend: { serviceName: "d", servicePort: 80 } };
    const applied = await apply("extensions/v1beta1", old, "one");
    expect(applied.metadata.managedFields).toMatchObject([
      {
        manager: "one",
        operation: "Apply",
        apiVersion: "extensions/v1beta1",
        fieldsV1: { "f:spec": { "f:backend": { "f:serviceName": {} } } },
      },
    ]);
    const other = { defaultBackend: { service: { name: "d", port: { number: 81 } } } };
    await expect(apply("networking.k8s.io/v1", other, "two")).rejects.toThrow('conflict with "one": .spec.backend.servicePort');
    const moved = await apply(
      "networking.k8s.io/v1",
      { ingressClassName: "c", defaultBackend: { service: { name: "d", port: { number: 80 } } } },
      "one",
    );
    expect(moved["spec"]).toEqual({ ingressClassName: "c", defaultBackend: { service: { name: "d", port: { number: 80 } } } });
    const rules = [{ host: "a.example" }];
    const less = await apply("networking.k8s.io/v1", { rules }, "one");
    expect(less["spec"]).toEqual({ rules });
  });

  it("every retired version can be read of every object that is there", async () => {
    for (const definition of server.registry.resources()) {
      if (!definition.verbs.includes("list")) continue;
      for (const { version } of definition.versions) {
        const address = { group: definition.group, version, resource: definition.resource, namespace: "", name: "", subresource: "" };
        const name = formatApiVersion(definition.group, version);
        expect((await server.registry.list(toyContext(), address, {})).items, name).toEqual([]);
      }
    }
  });
});
