import { formatFieldError } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { compareLevels, formatLevel, modes, readPolicy } from "./policy.ts";

const prefix = "pod-security.kubernetes.io/";

function read(labels: Record<string, string>): string[] {
  const full = Object.fromEntries(Object.entries(labels).map(([name, value]) => [prefix + name, value]));
  const { policy, errors } = readPolicy(full);
  return [modes.map((mode) => formatLevel(policy[mode])).join(" "), ...errors.map((error) => formatFieldError(error))];
}

test.each([
  [{}, "privileged:latest privileged:latest privileged:latest"],
  [{ enforce: "baseline" }, "baseline:latest privileged:latest baseline:latest"],
  [{ enforce: "baseline", "enforce-version": "v1.20" }, "baseline:v1.20 privileged:latest baseline:v1.20"],
  [{ enforce: "baseline", "warn-version": "v1.30" }, "baseline:latest privileged:latest baseline:v1.30"],
  [{ enforce: "restricted", warn: "privileged" }, "restricted:latest privileged:latest privileged:latest"],
  [{ enforce: "privileged", audit: "baseline", "audit-version": "latest" }, "privileged:latest baseline:latest privileged:latest"],
])("%j chooses %s", (labels, expected) => {
  expect(read(labels)).toEqual([expected]);
});

test("what cannot be read is enforced strictly, and else has no effect", () => {
  expect(read({ enforce: "strict", "enforce-version": "1.20", audit: "x", warn: "y", "warn-version": "v1.01" })).toEqual([
    "restricted:latest privileged:latest privileged:latest",
    `metadata.labels[${prefix}enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`,
    `metadata.labels[${prefix}enforce-version]: Invalid value: "1.20": must be "latest" or "v1.x"`,
    `metadata.labels[${prefix}audit]: Invalid value: "x": must be one of privileged, baseline, restricted`,
    `metadata.labels[${prefix}warn]: Invalid value: "y": must be one of privileged, baseline, restricted`,
    `metadata.labels[${prefix}warn-version]: Invalid value: "v1.01": must be "latest" or "v1.x"`,
  ]);
});

test("levels are ordered by strictness", () => {
  expect(compareLevels("restricted", "baseline")).toBeGreaterThan(0);
  expect(compareLevels("privileged", "baseline")).toBeLessThan(0);
});
