/** Manifests in versions that Kubernetes does not serve any more, applied by kubectl as if it still did. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAllYaml } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { Kubectl, oldestAndNewestKubectl, root, runProgram } from "./src/coracle.ts";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly [field: string]: unknown;
}

const file = join(root, "conformance/manifests/retired.yaml");
const manifests = loadAllYaml(readFileSync(file, "utf8")) as Manifest[];
const idOf = ({ apiVersion, kind, metadata }: Manifest): string => `${apiVersion} ${kind} ${metadata.name}`;
/** Zeros that Go leaves out of what it sends. */
const withoutZeros = (manifest: Manifest): Manifest =>
  JSON.parse(JSON.stringify(manifest), (_key, value: unknown) => (value === false ? undefined : value)) as Manifest;

let server: ServerUnderTest;
beforeAll(() => {
  // Alpha versions are off by default, but for the one of roles.
  server = serverUnderTest("retired", "--runtime-config=api/alpha=true");
});
afterAll(() => server[Symbol.dispose]());

describe.each(oldestAndNewestKubectl())("kubectl $version", (binary) => {
  let kubectl: Kubectl;
  const namespace = `retired-${binary.version.split(".")[1]}`;
  const inNamespace = (...args: string[]): string[] => [...args, "-n", namespace];
  const get = (...what: string[]): Manifest[] => {
    const read = kubectl.json<Manifest & { items?: Manifest[] }>(...inNamespace("get", ...what));
    return read.items ?? [read];
  };

  beforeAll(() => {
    kubectl = new Kubectl(binary, server.kubeconfig);
    kubectl.run("create", "namespace", namespace);
  });

  it("applies one of every kind, and is warned of each", () => {
    const applied = kubectl.try(inNamespace("apply", "-f", file));
    expect([applied.code, applied.stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Warning: "))]).toEqual([0, []]);
    expect(applied.stdout.match(/ created$/gm)).toHaveLength(manifests.length);
    const warnings = new Set(applied.stderr.split("\n"));
    for (const { apiVersion, kind } of manifests) {
      const own = [...warnings].filter((line) => line.startsWith(`Warning: ${apiVersion} ${kind} is deprecated in v1.`));
      expect([apiVersion, kind, own]).toEqual([
        apiVersion,
        kind,
        [expect.stringMatching(/ is deprecated in v1\.\d+\+, unavailable in v1\.\d+\+/)],
      ]);
    }
    for (const text of [
      "extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment",
      "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
      "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+",
      "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob",
    ])
      expect(warnings).toContain(`Warning: ${text}`);
  });

  it("gets them in the versions they were written in", () => {
    const read = new Map(get("-f", file).map((object) => [idOf(object), object]));
    for (const manifest of manifests) {
      const found = read.get(idOf(manifest));
      expect([idOf(manifest), found !== undefined]).toEqual([idOf(manifest), true]);
      expect(found).toMatchObject(withoutZeros(manifest));
    }
  });

  it("gets them in the present versions, without asking for one", () => {
    const kinds =
      "deployments,daemonsets,replicasets,statefulsets,ingresses,networkpolicies,cronjobs,poddisruptionbudgets,horizontalpodautoscalers,roles";
    const versions = new Set(get(kinds).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
    expect([...versions].sort()).toEqual([
      "apps/v1 DaemonSet",
      "apps/v1 Deployment",
      "apps/v1 ReplicaSet",
      "apps/v1 StatefulSet",
      "autoscaling/v2 HorizontalPodAutoscaler",
      "batch/v1 CronJob",
      "networking.k8s.io/v1 Ingress",
      "networking.k8s.io/v1 NetworkPolicy",
      "policy/v1 PodDisruptionBudget",
      "rbac.authorization.k8s.io/v1 Role",
    ]);
    const service = { name: "web", port: { number: 80 } };
    const path = { path: "/a", pathType: "ImplementationSpecific", backend: { service } };
    expect(get("ingress", "ext-ingress")).toMatchObject([
      {
        apiVersion: "networking.k8s.io/v1",
        spec: { defaultBackend: { service: { name: "fallback", port: { name: "http" } } }, rules: [{ http: { paths: [path] } }] },
      },
    ]);
    expect(get("deployment", "ext-deployment")).toMatchObject([
      {
        spec: {
          selector: { matchLabels: { app: "ext-deployment" } },
          strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
          revisionHistoryLimit: 2 ** 31 - 1,
        },
      },
    ]);
    expect(get("customresourcedefinition", "widgets.one.example")).toMatchObject([
      { spec: { versions: [{ name: "v1", served: true, storage: true, subresources: { status: {} } }] } },
    ]);
  });

  it("applies them again, labels, patches and edits them", () => {
    const again = kubectl.pipe("", ...inNamespace("apply", "-f", file));
    expect(
      again
        .trim()
        .split("\n")
        .filter((line) => !/ (unchanged|configured)$/.test(line)),
    ).toEqual([]);
    expect(kubectl.run(...inNamespace("label", "-f", file, "touched=yes")).match(/ labeled$/gm)).toHaveLength(manifests.length);
    const patch = JSON.stringify({ spec: { replicas: 3 } });
    kubectl.run(...inNamespace("patch", "deployments.v1beta1.extensions", "ext-deployment", "-p", patch));
    kubectl.run(...inNamespace("scale", "deployments.v1beta2.apps", "two-deployment", "--replicas=2"));
    const env = { ...kubectl.env, KUBE_EDITOR: "sed -i s/main:1/main:2/" };
    const edited = runProgram(kubectl.path, inNamespace("edit", "deployments.v1beta1.apps", "one-deployment"), { env });
    expect([edited.code, edited.stdout]).toEqual([0, "deployment.apps/one-deployment edited\n"]);
    const replicas = (name: string): unknown => (get("deployment", name) as unknown as { spec: { replicas: number } }[])[0]?.spec.replicas;
    expect([replicas("ext-deployment"), replicas("two-deployment")]).toEqual([3, 2]);
    expect(get("deployment", "one-deployment")).toMatchObject([
      { metadata: { labels: { touched: "yes" } }, spec: { template: { spec: { containers: [{ image: "registry.example/main:2" }] } } } },
    ]);
  });

  it("applies on the server, and sees who owns what in which version", () => {
    kubectl.run(...inNamespace("apply", "--server-side", "--force-conflicts", "--field-manager=retired-test", "-f", file));
    const [ingress] = get("ingress", "one-ingress", "--show-managed-fields");
    const { metadata } = ingress as unknown as { metadata: { managedFields: readonly Record<string, unknown>[] } };
    const owner = { manager: "retired-test", apiVersion: "networking.k8s.io/v1beta1", operation: "Apply" };
    expect(metadata.managedFields).toContainEqual(expect.objectContaining(owner));
  });

  it("deletes them", () => {
    const deleted = kubectl.run(...inNamespace("delete", "--wait=false", "-f", file));
    expect(deleted.match(/ (force )?deleted/g)).toHaveLength(manifests.length);
    expect(kubectl.try(inNamespace("get", "-f", file, "--ignore-not-found", "-o", "name")).stdout).toBe("");
  });
});

it("--runtime-config=api/legacy=false turns them all off", async () => {
  using current = serverUnderTest("current", "--runtime-config=api/legacy=false");
  const api = new RawApi(current.kubeconfig);
  expect((await api.call("GET", "/apis/extensions/v1beta1/namespaces/default/deployments")).code).toBe(404);
  const kubectl = new Kubectl(oldestAndNewestKubectl().at(-1) as { path: string; version: string }, current.kubeconfig);
  const refused = kubectl.try(["apply", "-f", file]);
  expect(refused.code).toBe(1);
  for (const { apiVersion, kind } of manifests)
    expect(refused.stderr).toContain(`no matches for kind "${kind}" in version "${apiVersion}"`);
});
