import { describe, expect, it } from "vitest";
import {
  applyDefaults,
  formatFieldError,
  type ResourceDefinition,
  type StrategyContext,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { builtInDefinitions } from "../index.ts";

const context: StrategyContext = {
  now: "2026-01-01T00:00:00Z",
  nowMs: 0,
  subresource: "",
  apiVersion: "v1",
  user: { name: "u", groups: [] },
  isDryRun: false,
};
const definitions = builtInDefinitions();
const definition = (resource: string): ResourceDefinition => definitions.find((entry) => entry.resource === resource) as ResourceDefinition;

function created(resource: string, object: Record<string, unknown>): UnstructuredObject {
  const { strategy, versions, kind } = definition(resource);
  const copy = { apiVersion: "v1", kind, metadata: { name: "x", uid: "u-1" }, ...structuredClone(object) } as UnstructuredObject;
  const version = versions.find((entry) => entry.isStorage);
  if (version !== undefined) applyDefaults(version.schema, copy);
  strategy.applyDefaults?.(copy);
  strategy.prepareForCreate?.(copy, context);
  return copy;
}

const errorsOf = (resource: string, object: Record<string, unknown>): string[] =>
  (definition(resource).strategy.validateCreate?.(created(resource, object), context) ?? []).map(formatFieldError);
function changesOf(resource: string, old: Record<string, unknown>, next: Record<string, unknown>): string[] {
  const [before, after] = [created(resource, old), created(resource, next)];
  return (definition(resource).strategy.validateUpdate?.(after, before, context) ?? []).map(formatFieldError);
}
const container = { name: "main", image: "nginx" };

describe("defaults", () => {
  it("of a pod", () => {
    expect(
      created("pods", {
        spec: {
          containers: [{ ...container, resources: { limits: { cpu: "1" } }, readinessProbe: { httpGet: { port: 80 } } }],
          volumes: [{ name: "v" }],
        },
      }),
    ).toMatchObject({
      spec: {
        restartPolicy: "Always",
        dnsPolicy: "ClusterFirst",
        terminationGracePeriodSeconds: 30,
        schedulerName: "default-scheduler",
        enableServiceLinks: true,
        containers: [
          {
            imagePullPolicy: "Always",
            terminationMessagePath: "/dev/termination-log",
            resources: { limits: { cpu: "1" }, requests: { cpu: "1" } },
            readinessProbe: {
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
              httpGet: { scheme: "HTTP", path: "/" },
            },
          },
        ],
        volumes: [{ name: "v", emptyDir: {} }],
      },
      status: { phase: "Pending", qosClass: "Burstable" },
    });
  });

  it("of a Deployment, a Service and a Job", () => {
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [container] } };
    expect(created("deployments", { spec: { selector: { matchLabels: { a: "b" } }, template } })["spec"]).toMatchObject({
      replicas: 1,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    expect(created("services", { spec: { ports: [{ port: 80 }] } })["spec"]).toMatchObject({
      type: "ClusterIP",
      sessionAffinity: "None",
      internalTrafficPolicy: "Cluster",
      ports: [{ port: 80, targetPort: 80, protocol: "TCP" }],
    });
    const labels = { "batch.kubernetes.io/controller-uid": "u-1", "job-name": "x" };
    expect(created("jobs", { spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } } })["spec"]).toMatchObject({
      completions: 1,
      backoffLimit: 6,
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "u-1" } },
      template: { metadata: { labels } },
    });
  });

  it("of Secrets and Namespaces", () => {
    expect(created("secrets", { stringData: { word: "hush ü" } })).toMatchObject({
      type: "Opaque",
      data: { word: Buffer.from("hush ü").toString("base64") },
    });
    expect(created("namespaces", {})).toMatchObject({
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
      metadata: { labels: { "kubernetes.io/metadata.name": "x" } },
    });
  });
});

describe("validation", () => {
  it("of pods, in upstream's words", () => {
    expect(errorsOf("pods", { spec: { containers: [] } })).toEqual(["spec.containers: Required value"]);
    expect(errorsOf("pods", { spec: { containers: [{ name: "A b", image: "x" }] } })[0]).toMatch(
      /^spec\.containers\[0\]\.name: Invalid value: "A b": a lowercase RFC 1123 label must consist of/,
    );
    expect(errorsOf("pods", { spec: { containers: [container, container], restartPolicy: "Sometimes" } })).toEqual([
      'spec.containers[1].name: Duplicate value: "main"',
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ]);
    expect(
      errorsOf("pods", {
        spec: {
          containers: [
            {
              ...container,
              volumeMounts: [{ name: "none", mountPath: "/x" }],
              resources: { requests: { cpu: "2" }, limits: { cpu: "1" } },
            },
          ],
        },
      }),
    ).toEqual([
      'spec.containers[0].volumeMounts[0].name: Not found: "none"',
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ]);
  });

  it("of workloads", () => {
    const template = { metadata: { labels: { a: "c" } }, spec: { containers: [container] } };
    expect(errorsOf("deployments", { spec: { selector: { matchLabels: { a: "b" } }, template } })).toEqual([
      'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
    ]);
    expect(errorsOf("jobs", { spec: { template: { spec: { containers: [container] } } } })).toEqual([
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]);
    const mounts = { ...container, volumeMounts: [{ name: "data", mountPath: "/data" }] };
    const claims = [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }];
    expect(
      errorsOf("statefulsets", {
        spec: {
          serviceName: "s",
          selector: { matchLabels: { a: "c" } },
          template: { ...template, spec: { containers: [mounts] } },
          volumeClaimTemplates: claims,
        },
      }),
    ).toEqual([]);
  });

  it("of services, claims and keys", () => {
    expect(errorsOf("services", { spec: { ports: [{ port: 0, targetPort: 80 }] } })).toEqual([
      "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ]);
    expect(errorsOf("services", { spec: {} })).toEqual(["spec.ports: Required value"]);
    expect(errorsOf("persistentvolumeclaims", { spec: {} })).toEqual([
      "spec.accessModes: Required value: at least 1 access mode is required",
      "spec.resources[storage]: Required value",
    ]);
    expect(errorsOf("configmaps", { data: { "bad key": "x" } })[0]).toMatch(
      /^data\[bad key\]: Invalid value: "bad key": a valid config key must consist of/,
    );
  });

  it("of what may not change", () => {
    const spec = { containers: [container], nodeName: "n" };
    expect(changesOf("pods", { spec }, { spec: { ...spec, containers: [{ ...container, image: "other" }] } })).toEqual([]);
    expect(changesOf("pods", { spec }, { spec: { ...spec, nodeName: "m" } })[0]).toMatch(
      /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/,
    );
    const deployment = (label: string): Record<string, unknown> => ({
      spec: {
        selector: { matchLabels: { a: label } },
        template: { metadata: { labels: { a: label } }, spec: { containers: [container] } },
      },
    });
    expect(changesOf("deployments", deployment("b"), deployment("c"))[0]).toMatch(
      /^spec\.selector: Invalid value: .*: field is immutable$/,
    );
    expect(changesOf("configmaps", { immutable: true, data: { a: "1" } }, { immutable: true, data: { a: "2" } })).toEqual([
      "data: Forbidden: field is immutable when `immutable` is set",
    ]);
  });
});
