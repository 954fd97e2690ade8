import { describe, expect, test } from "vitest";
import { cidrContains, parseCidr, parseIp } from "./addresses.ts";
import { formatFieldError } from "./field-errors.ts";
import {
  configMapKeyErrors,
  dns1035LabelErrors,
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  nameRule,
  portNameErrors,
  qualifiedNameErrors,
} from "./names.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "./object-meta.ts";

describe("names", () => {
  test("valid ones", () => {
    for (const errors of [
      dnsSubdomainErrors("a.b-c.d1"),
      dnsLabelErrors("0a"),
      dns1035LabelErrors("a0"),
      qualifiedNameErrors("example.com/A_b.c"),
      labelValueErrors(""),
    ]) {
      expect(errors).toEqual([]);
    }
    expect(nameRule(dnsSubdomainErrors)("web-", true)).toEqual([]);
    expect(nameRule(dnsSubdomainErrors)("web-", false)).toHaveLength(1);
  });

  test("messages are upstream's", () => {
    expect(dnsSubdomainErrors("A")).toEqual([
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]);
    expect(dnsLabelErrors("a.b")).toEqual(["must not contain dots"]);
    expect(dnsLabelErrors("a".repeat(64))).toEqual(["must be no more than 63 characters"]);
    expect(labelValueErrors("a b")[0]).toContain("(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is");
    expect(qualifiedNameErrors("/a")).toEqual(["prefix part must be non-empty"]);
    expect(portNameErrors("1-")).toEqual(["must contain at least one letter (a-z)", "must not begin or end with a hyphen"]);
    expect(configMapKeyErrors("..a")).toEqual(["must not start with '..'"]);
  });
});

test("addresses", () => {
  expect(parseIp("10.0.0.1")).toEqual([10, 0, 0, 1]);
  expect(parseIp("010.0.0.1")).toBeUndefined();
  expect(parseIp("::ffff:1.2.3.4")?.slice(10)).toEqual([255, 255, 1, 2, 3, 4]);
  expect(parseIp("1::2::3")).toBeUndefined();
  const block = parseCidr("10.96.0.0/12");
  expect(block && cidrContains(block, [10, 111, 0, 1])).toBe(true);
  expect(block && cidrContains(block, [10, 112, 0, 1])).toBe(false);
  expect(parseCidr("10.0.0.0/33")).toBeUndefined();
});

describe("metadata", () => {
  test("on create", () => {
    const meta = {
      labels: { "a b": "c" },
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "x", uid: "" }],
      finalizers: ["orphan", "foregroundDeletion"],
    };
    expect(validateObjectMeta(meta, { isNamespaced: true }).map((error) => formatFieldError(error).slice(0, 90))).toEqual([
      "metadata.name: Required value: name or generateName is required",
      "metadata.namespace: Required value",
      expect.stringContaining('metadata.labels: Invalid value: "a b": name part must consist of'),
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      expect.stringContaining('metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and'),
    ]);
    const long = { name: "a", annotations: { a: "x".repeat(256 * 1024) } };
    expect(validateObjectMeta(long, { isNamespaced: false }).map((error) => formatFieldError(error))).toEqual([
      "metadata.annotations: Too long: may not be more than 262144 bytes",
    ]);
  });

  test("on update", () => {
    const old = { name: "a", uid: "1", resourceVersion: "1", deletionTimestamp: "2020-01-01T00:00:00Z", finalizers: ["a/b"] };
    expect(validateObjectMetaUpdate(old, old)).toEqual([]);
    const changed = { ...old, uid: "2", finalizers: ["a/b", "a/c"], resourceVersion: "" };
    expect(validateObjectMetaUpdate(changed, old).map((error) => formatFieldError(error))).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/c"}',
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
      'metadata.uid: Invalid value: "2": field is immutable',
    ]);
  });
});
