import { formatApiVersion } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { builtInDefinitions } from "./definitions.ts";
import { parseRuntimeConfig, RuntimeConfigError } from "./runtime-config.ts";

const definitions = builtInDefinitions();

function warningsOf(apiVersion: string, resource: string): (string | undefined)[] {
  const definition = definitions.find(
    ({ group, resource: name, versions }) =>
      name === resource && versions.some(({ version }) => formatApiVersion(group, version) === apiVersion),
  );
  const version = definition?.versions.find((each) => formatApiVersion(definition.group, each.version) === apiVersion);
  const subresources = version?.subresources.filter(({ deprecationWarning }) => deprecationWarning !== undefined) ?? [];
  return [version?.deprecationWarning, ...subresources.map(({ deprecationWarning }) => deprecationWarning)];
}

test.each([
  [
    "extensions/v1beta1",
    "ingresses",
    "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
  ],
  [
    "networking.k8s.io/v1beta1",
    "ingressclasses",
    // Upstream names the list here.
    "networking.k8s.io/v1beta1 IngressClass is deprecated in v1.19+, unavailable in v1.22+; use networking.k8s.io/v1 IngressClassList",
  ],
  ["policy/v1beta1", "podsecuritypolicies", "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+"],
  ["events.k8s.io/v1beta1", "events", "events.k8s.io/v1beta1 Event is deprecated in v1.22+, unavailable in v1.25+"],
  [
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowschemas",
    "flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema is deprecated in v1.23+, unavailable in v1.26+; use flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema",
  ],
  ["batch/v1beta1", "cronjobs", "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob"],
  [
    "autoscaling/v2beta2",
    "horizontalpodautoscalers",
    "autoscaling/v2beta2 HorizontalPodAutoscaler is deprecated in v1.23+, unavailable in v1.26+; use autoscaling/v2 HorizontalPodAutoscaler",
  ],
])("%s %s warns in upstream's words", (apiVersion, resource, text) => {
  expect(warningsOf(apiVersion, resource)).toEqual([text]);
});

test("scales and rollbacks have warnings of their own", () => {
  expect(warningsOf("extensions/v1beta1", "deployments")).toEqual([
    "extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment",
    "extensions/v1beta1 DeploymentRollback is deprecated in v1.8+, unavailable in v1.16+",
    "extensions/v1beta1 Scale is deprecated in v1.2+, unavailable in v1.16+",
  ]);
  expect(warningsOf("apps/v1beta2", "statefulsets")).toEqual([
    "apps/v1beta2 StatefulSet is deprecated in v1.9+, unavailable in v1.16+; use apps/v1 StatefulSet",
    "apps/v1beta2 Scale is deprecated in v1.9+, unavailable in v1.16+; use autoscaling/v1 Scale",
  ]);
  expect(warningsOf("apps/v1", "deployments")).toEqual([undefined]);
});

test("retired versions come after those that are served upstream", () => {
  for (const { versions, kind } of definitions) {
    const firstRetired = versions.findIndex(({ deprecationWarning }) => deprecationWarning !== undefined);
    if (firstRetired > 0)
      expect(
        versions.slice(firstRetired).every(({ deprecationWarning }) => deprecationWarning),
        kind,
      ).toBe(true);
  }
  const versionsOf = (name: string): string[] =>
    definitions.find(({ resource }) => resource === name)?.versions.map(({ version }) => version) ?? [];
  expect(versionsOf("deployments")).toEqual(["v1", "v1beta2", "v1beta1"]);
  expect(versionsOf("horizontalpodautoscalers")).toEqual(["v2", "v1", "v2beta2", "v2beta1"]);
});

test("extensions is another name without short names, behind the groups that store", () => {
  const extensions = definitions.filter(({ group }) => group === "extensions");
  expect(extensions.map(({ resource, storagePath }) => `${resource} ${storagePath}`).sort()).toEqual([
    "daemonsets daemonsets",
    "deployments deployments",
    "ingresses ingress",
    "networkpolicies networkpolicies",
    "podsecuritypolicies podsecuritypolicy",
    "replicasets replicasets",
  ]);
  for (const { shortNames, categories } of extensions) expect([...shortNames, ...categories]).toEqual([]);
  expect(definitions.slice(-extensions.length)).toEqual(extensions);
});

function servedWith(text: string): string[] {
  return builtInDefinitions({ runtimeConfig: parseRuntimeConfig(text) }).flatMap(({ group, resource, versions }) =>
    versions.filter(({ isServed }) => isServed).map(({ version }) => `${formatApiVersion(group, version)}/${resource}`),
  );
}

test("the runtime configuration turns versions off and on", () => {
  const all = servedWith("");
  const current = servedWith("api/legacy=false");
  expect(all).toContain("extensions/v1beta1/ingresses");
  expect(current.filter((path) => path.includes("beta"))).toEqual([]);
  expect(current).toContain("apps/v1/deployments");
  expect(builtInDefinitions({ runtimeConfig: { "api/legacy": false } }).some(({ group }) => group === "extensions")).toBe(false);
  expect(servedWith("api/legacy=false,extensions/v1beta1=true").filter((path) => !current.includes(path))).toHaveLength(6);
  expect(servedWith("api/legacy=false, extensions/v1beta1/ingresses").filter((path) => !current.includes(path))).toEqual([
    "extensions/v1beta1/ingresses",
  ]);
  expect(servedWith("api/beta=false").filter((path) => /beta/.test(path))).toEqual([]);
  expect(servedWith("batch/v1=false")).not.toContain("batch/v1/jobs");
});

test("alpha versions are off unless asked for, but for the one of old manifests", () => {
  const alpha = (text: string): string[] => servedWith(text).filter((path) => path.includes("alpha"));
  const roles = ["clusterroles", "clusterrolebindings", "roles", "rolebindings"].map(
    (each) => `rbac.authorization.k8s.io/v1alpha1/${each}`,
  );
  expect(alpha("").sort()).toEqual(roles.sort());
  expect(alpha("api/alpha=true").length).toBeGreaterThan(roles.length);
  expect(alpha("api/legacy=true")).toEqual(alpha("api/alpha=true"));
  expect(alpha("batch/v2alpha1=true")).toContain("batch/v2alpha1/cronjobs");
  expect(alpha("api/all=true,api/alpha=false")).toEqual([]);
});

test("the runtime configuration refuses what it does not know", () => {
  expect(() => servedWith("foo/v1=true,api/legacy=false")).toThrow(new RuntimeConfigError("unknown api groups foo/v1"));
  expect(() => servedWith("api/legacy=maybe")).toThrow(new RuntimeConfigError("invalid value of api/legacy: maybe, want true or false"));
});
