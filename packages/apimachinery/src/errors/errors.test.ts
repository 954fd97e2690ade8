import { expect, test } from "vitest";
import { invalidField, requiredField, tooLongField, tooManyField, unsupportedField, formatFieldError } from "../validation/field-errors.ts";
import { newAlreadyExists, newConflict, newForbidden, newInvalid, newMethodNotAllowed, newNotFound, statusOf } from "./errors.ts";
import { newGenericServerResponse } from "./generic-response.ts";

const pods = { group: "", resource: "pods" };
const deployments = { group: "apps", resource: "deployments" };

test("texts are upstream's", () => {
  expect(newNotFound(pods, "x").message).toBe('pods "x" not found');
  expect(newNotFound(deployments, "x").message).toBe('deployments.apps "x" not found');
  expect(newAlreadyExists(pods, "x").message).toBe('pods "x" already exists');
  expect(newConflict(pods, "x").message).toBe(
    'Operation cannot be fulfilled on pods "x": the object has been modified; please apply your changes to the latest version and try again',
  );
  expect(newForbidden(pods, "", new Error("no")).message).toBe("pods is forbidden: no");
  expect(newMethodNotAllowed(deployments, "patch").message).toBe('patch is not supported on resources of kind "deployments.apps"');
});

test("a status names the object as upstream's does", () => {
  expect(newNotFound(deployments, "x").status).toEqual({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: 'deployments.apps "x" not found',
    reason: "NotFound",
    details: { name: "x", group: "apps", kind: "deployments" },
    code: 404,
  });
  expect(statusOf(new Error("boom"))).toMatchObject({
    code: 500,
    message: "Internal error occurred: boom",
    details: { causes: [{ message: "boom" }] },
  });
});

test("an invalid object lists its findings, each as a cause", () => {
  const replicas = invalidField("spec.replicas", -1, "must be greater than or equal to 0");
  const one = newInvalid({ group: "apps", kind: "Deployment" }, "x", [replicas]);
  expect(one.message).toBe('Deployment.apps "x" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0');
  const two = newInvalid({ group: "", kind: "Pod" }, "x", [replicas, requiredField("spec.containers")]);
  expect(two.message).toMatch(/^Pod "x" is invalid: \[spec\.replicas: .*, spec\.containers: Required value\]$/);
  expect(two.status.details?.causes?.[1]).toEqual({ reason: "FieldValueRequired", message: "Required value", field: "spec.containers" });
});

test("findings are worded by their type", () => {
  expect(formatFieldError(unsupportedField("a", "x", ["b", "c"]))).toBe('a: Unsupported value: "x": supported values: "b", "c"');
  expect(formatFieldError(tooLongField("a", 3))).toBe("a: Too long: may not be more than 3 bytes");
  expect(formatFieldError(tooManyField("a", 3, 2))).toBe("a: Too many: 3: must have at most 2 items");
  expect(formatFieldError(invalidField("a", { b: 1 }, "bad"))).toBe('a: Invalid value: {"b":1}: bad');
});

test("an answer without a Status becomes client-go's error", () => {
  const error = newGenericServerResponse({
    code: 404,
    method: "GET",
    group: "apps",
    resource: "deployments",
    name: "x",
    serverMessage: "gone",
  });
  expect(error.message).toBe("the server could not find the requested resource (get deployments.apps x)");
  expect(error.reason).toBe("NotFound");
  expect(newGenericServerResponse({ code: 502, method: "GET", serverMessage: "bad gateway" }).message).toBe(
    'an error on the server ("bad gateway") has prevented the request from succeeding',
  );
});
