import { expect, test } from "vitest";
import { applyDefaults, cloneJson, formatFieldError, type UnstructuredObject } from "@coracle/apimachinery";
import { schemaOf } from "../../schema/schema-of.ts";
import { webhookConfigurations } from "./webhook-configurations.ts";

const context = {
  now: "2026-01-01T00:00:00Z",
  nowMs: 0,
  apiVersion: "admissionregistration.k8s.io/v1",
  subresource: "",
  user: { name: "u", groups: [] },
  isDryRun: false,
};

const usual = {
  name: "a.example.com",
  clientConfig: { url: "https://a.example.com/hook" },
  rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
};

function configuration(...webhooks: object[]): UnstructuredObject {
  const object = { apiVersion: context.apiVersion, kind: "MutatingWebhookConfiguration", metadata: { name: "c" }, webhooks };
  const copy = cloneJson(object) as unknown as UnstructuredObject;
  applyDefaults(schemaOf("admissionregistration/v1.MutatingWebhookConfiguration"), copy);
  return copy;
}

function findings(...webhooks: object[]): string[] {
  return (webhookConfigurations.validateCreate?.(configuration(...webhooks), context) ?? []).map((error) => formatFieldError(error));
}

function findingsOfUpdate(next: object, old: object): string[] {
  const errors = webhookConfigurations.validateUpdate?.(configuration(next), configuration(old), context) ?? [];
  return errors.map((error) => formatFieldError(error));
}

test("a usual webhook is fine and has upstream's defaults", () => {
  expect(findings(usual)).toEqual([]);
  expect(configuration({ ...usual, clientConfig: { service: { namespace: "n", name: "s" } } })["webhooks"]).toMatchObject([
    {
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      reinvocationPolicy: "Never",
      clientConfig: { service: { port: 443 } },
      rules: [{ scope: "*" }],
    },
  ]);
});

test.each<[object, string[]]>([
  [{ name: "" }, ["webhooks[0].name: Required value"]],
  [
    { name: "example.com" },
    ['webhooks[0].name: Invalid value: "example.com": should be a domain with at least three segments separated by dots'],
  ],
  [{ failurePolicy: "Maybe" }, ['webhooks[0].failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"']],
  [{ matchPolicy: "Roughly" }, ['webhooks[0].matchPolicy: Unsupported value: "Roughly": supported values: "Equivalent", "Exact"']],
  [{ sideEffects: "Some" }, ['webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"']],
  [{ sideEffects: undefined }, ["webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun"]],
  [{ timeoutSeconds: 31 }, ["webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds"]],
  [
    { reinvocationPolicy: "Always" },
    ['webhooks[0].reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"'],
  ],
  [{ clientConfig: {} }, ["webhooks[0].clientConfig: Required value: exactly one of url or service is required"]],
  [{ admissionReviewVersions: [] }, ["webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1"]],
  [
    { admissionReviewVersions: ["v2", "v2"] },
    [
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1',
    ],
  ],
  [
    { namespaceSelector: { matchExpressions: [{ key: "a", operator: "In", values: [] }] } },
    ["webhooks[0].namespaceSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"],
  ],
])("%j is refused", (given, expected) => {
  expect(findings({ ...usual, ...given })).toEqual(expected);
});

test.each<[string, string[]]>([
  [
    "http://a.example.com",
    [`webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`],
  ],
  ["https://", ['webhooks[0].clientConfig.url: Invalid value: "": host must be specified; desired format: https://host[/path]']],
  ["https://u:p@a.example.com", ['webhooks[0].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL']],
  ["https://a.example.com/#x", ['webhooks[0].clientConfig.url: Invalid value: "x": fragments are not permitted in the URL']],
  ["https://a.example.com/?x=1", ['webhooks[0].clientConfig.url: Invalid value: "x=1": query parameters are not permitted in the URL']],
  [
    "https://a.example.com:port",
    [
      'webhooks[0].clientConfig.url: Required value: url must be a valid URL: parse "https://a.example.com:port": invalid port ":port" after host; desired format: https://host[/path]',
    ],
  ],
])("the URL %s is refused", (url, expected) => {
  expect(findings({ ...usual, clientConfig: { url } })).toEqual(expected);
});

test.each<[object, string[]]>([
  [
    { name: "", namespace: "" },
    ["webhooks[0].clientConfig.service.name: Required value", "webhooks[0].clientConfig.service.namespace: Required value"],
  ],
  [{ port: 0 }, ["webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive"]],
  [
    { path: "x" },
    [
      `webhooks[0].clientConfig.service.path: Invalid value: "x": must start with a '/'`,
      'webhooks[0].clientConfig.service.path: Invalid value: "x": segment[0] may not be empty',
    ],
  ],
  [{ path: "//" }, ['webhooks[0].clientConfig.service.path: Invalid value: "//": segment[0] may not be empty']],
  [{ path: "/a//b" }, ['webhooks[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty']],
])("the service %j is refused", (given, expected) => {
  expect(findings({ ...usual, clientConfig: { service: { name: "s", namespace: "n", ...given } } })).toEqual(expected);
});

test.each<[object, string[]]>([
  [{ operations: [] }, ["webhooks[0].rules[0].operations: Required value"]],
  [
    { operations: ["*", "CREATE"] },
    [`webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`],
  ],
  [
    { operations: ["WRITE"] },
    ['webhooks[0].rules[0].operations[0]: Unsupported value: "WRITE": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"'],
  ],
  [
    { apiGroups: ["*", "apps"] },
    [`webhooks[0].rules[0].apiGroups: Invalid value: ["*","apps"]: if '*' is present, must not specify other API groups`],
  ],
  [{ apiVersions: [""] }, ["webhooks[0].rules[0].apiVersions[0]: Required value"]],
  [
    { scope: "Everywhere" },
    ['webhooks[0].rules[0].scope: Unsupported value: "Everywhere": supported values: "*", "Cluster", "Namespaced"'],
  ],
  [
    { resources: ["*", "pods"] },
    [
      `webhooks[0].rules[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
    ],
  ],
  [
    { resources: ["*/*", "pods"] },
    [`webhooks[0].rules[0].resources: Invalid value: ["*/*","pods"]: if '*/*' is present, must not specify other resources`],
  ],
  [
    { resources: ["pods/*", "pods/exec"] },
    [`webhooks[0].rules[0].resources[1]: Invalid value: "pods/exec": if 'pods/*' is present, must not specify pods/exec`],
  ],
  [
    { resources: ["*/scale", "pods/scale"] },
    [`webhooks[0].rules[0].resources[1]: Invalid value: "pods/scale": if '*/scale' is present, must not specify pods/scale`],
  ],
])("the rule %j is refused", (given, expected) => {
  expect(findings({ ...usual, rules: [{ ...usual.rules[0], ...given }] })).toEqual(expected);
});

test("names are unique, and what was wrong before may stay wrong", () => {
  expect(findings(usual, usual)).toEqual(['webhooks[1].name: Duplicate value: "a.example.com"']);
  expect(findingsOfUpdate({ ...usual, sideEffects: "Unknown" }, { ...usual, sideEffects: "Some" })).toEqual([]);
  expect(findingsOfUpdate({ ...usual, sideEffects: "Unknown" }, usual)).toHaveLength(1);
  expect(findingsOfUpdate({ ...usual, admissionReviewVersions: ["v3"] }, { ...usual, admissionReviewVersions: ["v2"] })).toEqual([]);
});

test("generation counts changes of webhooks", () => {
  const old = configuration(usual);
  webhookConfigurations.prepareForCreate?.(old, context);
  expect(old.metadata.generation).toBe(1);
  const same = configuration(usual);
  webhookConfigurations.prepareForUpdate?.(same, old, context);
  expect(same.metadata.generation).toBe(1);
  const changed = configuration({ ...usual, timeoutSeconds: 3 });
  webhookConfigurations.prepareForUpdate?.(changed, old, context);
  expect(changed.metadata.generation).toBe(2);
});
