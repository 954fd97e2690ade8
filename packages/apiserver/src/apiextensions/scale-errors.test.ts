import { expect, it } from "vitest";
import { formatFieldError } from "@coracle/apimachinery";
import { scaleErrors } from "./scale-errors.ts";

const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.selector" };

function errorsOf(object: Record<string, unknown>): string[] {
  return scaleErrors(scale, { apiVersion: "example.com/v1", kind: "Foo", metadata: {}, ...object }).map(formatFieldError);
}

it("what is absent is no mistake", () => {
  expect(errorsOf({})).toEqual([]);
  expect(errorsOf({ spec: null, status: { replicas: 3, selector: "a=b" } })).toEqual([]);
});

it.each([
  [{ spec: { replicas: -1 } }, ".spec.replicas: Invalid value: -1: should be a non-negative integer"],
  [{ spec: { replicas: 2 ** 31 } }, ".spec.replicas: Invalid value: 2147483648: should be less than or equal to 2147483647"],
  [
    { spec: { replicas: 1.5 } },
    ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: 1.5 is of the type float64, expected int64",
  ],
  [
    { spec: "x" },
    ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected map[string]interface{}",
  ],
  [
    { status: { selector: true } },
    '.status.selector: Invalid value: "": .status.selector accessor error: true is of the type bool, expected string',
  ],
])("%j: %s", (object, message) => {
  expect(errorsOf(object)).toEqual([message]);
});
