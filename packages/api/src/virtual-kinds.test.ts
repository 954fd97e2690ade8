import { expect, test } from "vitest";
import { builtInDefinitions } from "./builtin/definitions.ts";
import { schemaOfKind, virtualKinds } from "./virtual-kinds.ts";

test("reviews and Binding can be created and nothing else", () => {
  const answered = builtInDefinitions().filter(({ storagePath }) => storagePath === "");
  expect(answered.map(({ kind }) => kind).sort()).toEqual([
    "Binding",
    "LocalSubjectAccessReview",
    "SelfSubjectAccessReview",
    "SelfSubjectReview",
    "SelfSubjectRulesReview",
    "SubjectAccessReview",
    "TokenReview",
  ]);
  for (const { verbs } of answered) expect(verbs).toEqual(["create"]);
});

test("virtual kinds name their paths, and those that carry fields have schemas", () => {
  expect(virtualKinds()).toContainEqual({ group: "policy", version: "v1", kind: "Eviction", resource: "pods/eviction" });
  expect(virtualKinds()).toContainEqual({
    group: "authentication.k8s.io",
    version: "v1",
    kind: "TokenRequest",
    resource: "serviceaccounts/token",
  });
  expect(schemaOfKind({ group: "autoscaling", version: "v1", kind: "Scale" })?.refName).toBe("io.k8s.api.autoscaling.v1.Scale");
  for (const kind of virtualKinds()) expect(schemaOfKind(kind), kind.kind).toBeDefined();
});
