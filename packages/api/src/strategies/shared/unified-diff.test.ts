import { expect, test } from "vitest";
import { goForm } from "./go-form.ts";
import { describeDifference, unifiedDiff } from "./unified-diff.ts";

test("changes that are far apart are hunks of their own", () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const changed = lines.with(2, "two").toSpliced(15, 1);
  expect(unifiedDiff(lines, changed)).toBe(
    `@@ -1,6 +1,6 @@
 line 0
 line 1
-line 2
+two
 line 3
 line 4
 line 5
@@ -13,7 +13,6 @@
 line 12
 line 13
 line 14
-line 15
 line 16
 line 17
 line 18
`,
  );
  expect(unifiedDiff(lines, lines)).toBe("");
});

test("a toleration shows as in upstream's own types", () => {
  expect(JSON.stringify(goForm("core/v1.Toleration", { key: "a", operator: "Exists" }))).toBe(
    '{"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}',
  );
  expect(Object.keys(goForm("core/v1.PodSpec", { hostNetwork: true, securityContext: {} }) as object).slice(0, 3)).toEqual([
    "Volumes",
    "InitContainers",
    "Containers",
  ]);
  expect(goForm("core/v1.PodSpec", { hostNetwork: true, securityContext: {} })).toMatchObject({
    SecurityContext: { HostNetwork: true, HostPID: false, HostUsers: null, SELinuxOptions: null },
  });
  expect(goForm("meta/v1.LabelSelector", { matchLabels: { b: "1", a: "2" } })).toEqual({ matchLabels: { a: "2", b: "1" } });
});

test("the difference of two values", () => {
  const toleration = { key: "a", operator: "Exists" };
  expect(describeDifference("core/v1.Toleration", toleration, { ...toleration, effect: "<x>" })).toBe(
    `@@ -2,6 +2,6 @@
  "Key": "a",
  "Operator": "Exists",
  "Value": "",
- "Effect": "",
+ "Effect": "\\u003cx\\u003e",
  "TolerationSeconds": null
 }
`,
  );
});
