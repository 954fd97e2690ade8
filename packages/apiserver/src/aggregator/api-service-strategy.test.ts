import type { StrategyContext, UnstructuredObject } from "@coracle/apimachinery";
import { formatFieldError } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { apiServiceStrategy as strategy } from "./api-service-strategy.ts";

const context: StrategyContext = {
  now: "2026-01-01T00:00:00Z",
  nowMs: Date.parse("2026-01-01T00:00:00Z"),
  subresource: "",
  apiVersion: "apiregistration.k8s.io/v1",
  user: { name: "u", groups: [] },
  isDryRun: false,
};

function service(spec: Record<string, unknown>, name = "v1.example.com"): UnstructuredObject {
  const whole = { group: "example.com", version: "v1", groupPriorityMinimum: 1000, versionPriority: 15, ...spec };
  return { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata: { name }, spec: whole };
}

const messages = (object: UnstructuredObject): string[] => (strategy.validateCreate?.(object, context) ?? []).map(formatFieldError);

describe("strategy of APIServices", () => {
  it("marks local ones as available and others not", () => {
    const local = service({});
    const remote = service({ service: { namespace: "a", name: "b" } });
    for (const object of [local, remote]) {
      strategy.applyDefaults?.(object);
      strategy.prepareForCreate?.(object, context);
    }
    expect(local["status"]).toEqual({
      conditions: [
        {
          type: "Available",
          status: "True",
          reason: "Local",
          message: "Local APIServices are always available",
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
    });
    expect(remote["status"]).toBeUndefined();
    expect((remote["spec"] as { service: object }).service).toEqual({ namespace: "a", name: "b", port: 443 });
    expect(local.metadata.generation).toBeUndefined();
  });

  it("validates with upstream's messages", () => {
    expect(messages(service({ service: { namespace: "a", name: "b", port: 443 }, caBundle: "AAAA" }))).toEqual([]);
    expect(messages(service({}, "v2.example.com"))).toEqual([
      'metadata.name: Invalid value: "v2.example.com": must be `spec.version+"."+spec.group`: "v1.example.com"',
    ]);
    expect(messages(service({ group: "", version: "v2" }, "v2."))).toEqual([
      "spec.group: Required value: only v1 may have an empty group and it better be legacy kube",
    ]);
    expect(messages(service({ groupPriorityMinimum: 0, versionPriority: 1001 }))).toEqual([
      "spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000",
      "spec.versionPriority: Invalid value: 1001: must be positive and less than 1000",
    ]);
    expect(messages(service({ caBundle: "AAAA", insecureSkipTLSVerify: true }))).toEqual([
      'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
      "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
    ]);
    expect(messages(service({ service: { port: 70_000 }, caBundle: "AAAA", insecureSkipTLSVerify: true }))).toEqual([
      "spec.service.namespace: Required value",
      "spec.service.name: Required value",
      "spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive",
      "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
    ]);
  });

  it("lets writers of the status write nothing else, and others no status", () => {
    const old = { ...service({}), status: { conditions: [] } };
    const next = { ...service({ versionPriority: 1 }), status: { conditions: [{ type: "Available", status: "Maybe" }] } };
    next.metadata = { ...next.metadata, labels: { a: "b" } };
    const asStatus = structuredClone(next);
    strategy.prepareForUpdate?.(asStatus, old, { ...context, subresource: "status" });
    expect(asStatus).toMatchObject({ spec: { versionPriority: 15 }, status: next.status });
    expect(asStatus.metadata.labels).toBeUndefined();
    const errors = strategy.validateUpdate?.(asStatus, old, { ...context, subresource: "status" }) ?? [];
    expect(errors.map(formatFieldError)).toEqual([
      'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    ]);
    const asMain = structuredClone(next);
    strategy.prepareForUpdate?.(asMain, old, context);
    expect(asMain).toMatchObject({ spec: { versionPriority: 1 }, status: { conditions: [] }, metadata: { labels: { a: "b" } } });
  });
});
