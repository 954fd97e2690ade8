import { expect, test } from "vitest";
import { builtInDefinitions } from "../builtin/definitions.ts";
import { openApiV2, openApiV3, openApiV3Discovery } from "./documents.ts";

type Properties = Record<string, { default?: unknown }>;
interface Component {
  readonly properties?: Properties;
  readonly [extension: string]: unknown;
}
interface DocumentV3 {
  readonly info: object;
  readonly paths: Record<string, Record<string, { parameters?: { name: string }[] } & { name: string }[]>>;
  readonly components: { readonly schemas: Record<string, Component> };
}

const definitions = builtInDefinitions();
const core = openApiV3(
  definitions.filter(({ group }) => group === ""),
  "",
  "v1",
) as DocumentV3;
const { schemas } = core.components;
const defaultOf = (type: string, field: string): unknown => schemas[`io.k8s.api.core.v1.${type}`]?.properties?.[field]?.default;

test("documents of version 3 tell marked defaults and zeros, no others", () => {
  expect(core.info).toEqual({ title: "Kubernetes", version: "1.36" });
  expect(defaultOf("ContainerPort", "protocol")).toBe("TCP");
  expect(defaultOf("ContainerPort", "containerPort")).toBe(0);
  expect(defaultOf("Container", "name")).toBe("");
  expect(defaultOf("Container", "resources")).toEqual({});
  expect(defaultOf("PodList", "metadata")).toEqual({});
  expect(schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo"]?.properties?.["selector"]?.default).toBe("");
  for (const [type, field] of [
    ["Container", "terminationMessagePath"],
    ["Container", "image"],
    ["PodSpec", "securityContext"],
    ["Probe", "periodSeconds"],
  ] as const)
    expect(defaultOf(type, field), `${type}.${field}`).toBeUndefined();
});

test("a document of version 2 tells no defaults", () => {
  const components = Object.values((openApiV2(definitions) as { definitions: Record<string, Component> }).definitions);
  const told = components.flatMap(({ properties = {} }) => Object.values(properties)).filter((property) => "default" in property);
  expect(told).toEqual([]);
});

test("unions name their members and what says which one is meant", () => {
  expect(schemas["io.k8s.api.core.v1.AppArmorProfile"]?.["x-kubernetes-unions"]).toEqual([
    { discriminator: "type", "fields-to-discriminateBy": { localhostProfile: "LocalhostProfile" } },
  ]);
  expect(schemas["io.k8s.api.core.v1.PodSchedulingGroup"]?.["x-kubernetes-unions"]).toEqual([
    { "fields-to-discriminateBy": { podGroupName: "PodGroupName" } },
  ]);
});

test("what all operations of a path take is told once", () => {
  const names = (parameters: { name: string }[] | undefined): string[] => (parameters ?? []).map(({ name }) => name);
  const all = core.paths["/api/v1/pods"];
  expect(all?.["get"]?.parameters).toBeUndefined();
  expect(names(all?.["parameters"])).toEqual(
    "allowWatchBookmarks continue fieldSelector labelSelector limit pretty resourceVersion resourceVersionMatch sendInitialEvents shardSelector timeoutSeconds watch".split(
      " ",
    ),
  );
  const one = core.paths["/api/v1/namespaces/{namespace}/pods/{name}"];
  expect(names(one?.["parameters"])).toEqual(["name", "namespace", "pretty"]);
  expect(names(one?.["patch"]?.parameters)).toEqual(["dryRun", "fieldManager", "fieldValidation", "force"]);
});

test("documents have no components that nothing of theirs refers to", () => {
  const reviews = openApiV3(
    definitions.filter(({ group }) => group === "authorization.k8s.io"),
    "authorization.k8s.io",
    "v1",
  ) as DocumentV3;
  expect(Object.keys(reviews.components.schemas)).not.toContain("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
  const { version } = openApiV3Discovery([]) as Record<string, DocumentV3>;
  expect(Object.keys(version?.components.schemas ?? {})).toEqual(["io.k8s.apimachinery.pkg.version.Info"]);
});
