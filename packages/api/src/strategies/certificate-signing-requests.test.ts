import { formatFieldError, type StrategyContext, type UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { certificateSigningRequestStrategy } from "./certificate-signing-requests.ts";

const strategy = certificateSigningRequestStrategy({
  request: (request) => (request === "good" ? undefined : "PEM block type must be CERTIFICATE REQUEST"),
  certificate: (certificate) => (certificate.startsWith("good") ? undefined : "must contain at least one CERTIFICATE PEM block"),
});
const context: StrategyContext = {
  now: "2026-01-01T00:00:00Z",
  nowMs: Date.parse("2026-01-01T00:00:00Z"),
  subresource: "",
  apiVersion: "certificates.k8s.io/v1",
  user: { name: "me", uid: "u-1", groups: ["system:authenticated"], extra: { scope: ["all"] } },
  isDryRun: false,
};
const decided = { lastUpdateTime: "2025-01-01T00:00:00Z", lastTransitionTime: "2025-01-01T00:00:00Z" };
const approved = { type: "Approved", status: "True", ...decided };

function request(spec: object = {}, status: object = {}): UnstructuredObject {
  const full = { request: "good", signerName: "example.com/e2e", usages: ["client auth"], ...spec };
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "a" },
    spec: full,
    status,
  } as UnstructuredObject;
}

function update(
  subresource: string,
  old: UnstructuredObject,
  change: (object: UnstructuredObject) => void,
): { object: UnstructuredObject; errors: string[] } {
  const object = structuredClone(old);
  change(object);
  strategy.prepareForUpdate?.(object, old, { ...context, subresource });
  const errors = strategy.validateUpdate?.(object, old, { ...context, subresource }) ?? [];
  return { object, errors: errors.map(formatFieldError) };
}

describe("creation", () => {
  it("says who asks, whatever the client claims, and decides nothing", () => {
    const object = request({ username: "root", groups: ["system:masters"] }, { conditions: [approved], certificate: "good" });
    strategy.prepareForCreate?.(object, context);
    expect(object["spec"]).toEqual({
      request: "good",
      signerName: "example.com/e2e",
      usages: ["client auth"],
      username: "me",
      uid: "u-1",
      groups: ["system:authenticated"],
      extra: { scope: ["all"] },
    });
    expect(object["status"]).toEqual({});
  });

  it.each([
    [{}, []],
    [{ request: "bad" }, ['spec.request: Invalid value: "bad": PEM block type must be CERTIFICATE REQUEST']],
    [{ usages: [] }, ["spec.usages: Required value"]],
    [{ usages: ["client auth", "client auth"] }, ['spec.usages[1]: Duplicate value: "client auth"']],
    [{ usages: ["x"] }, [expect.stringMatching(/^spec\.usages\[0\]: Unsupported value: "x": supported values: "any", "cert sign", /)]],
    [{ signerName: "" }, ["spec.signerName: Required value"]],
    [
      { signerName: "kubernetes.io/legacy-unknown" },
      ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version'],
    ],
    [
      { expirationSeconds: 599 },
      ["spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)"],
    ],
  ])("of %j finds %j", (spec, errors) => {
    expect(strategy.validateCreate?.(request(spec), context).map(formatFieldError)).toEqual(errors);
  });
});

describe("changes", () => {
  it("leave the spec and, on the main resource, the status alone", () => {
    const { object, errors } = update("", request({}, { conditions: [approved] }), (changed) => {
      changed["spec"] = { request: "bad" };
      changed["status"] = {};
    });
    expect(object).toEqual(request({}, { conditions: [approved] }));
    expect(errors).toEqual([]);
  });

  it("of the approval bring conditions, with times, and no certificate", () => {
    const { object, errors } = update("approval", request(), (changed) => {
      changed["status"] = { conditions: [{ type: "Approved", status: "True" }], certificate: "good" };
    });
    const times = { lastUpdateTime: context.now, lastTransitionTime: context.now };
    expect(object["status"]).toEqual({ conditions: [{ type: "Approved", status: "True", ...times }] });
    expect(errors).toEqual([]);
  });

  it("never take a decision back, nor add its opposite", () => {
    const old = request({}, { conditions: [approved] });
    expect(update("approval", old, (changed) => (changed["status"] = {})).errors).toEqual([
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    ]);
    const both = [approved, { type: "Denied", status: "True" }];
    expect(update("approval", old, (changed) => (changed["status"] = { conditions: both })).errors).toEqual([
      'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ]);
    const doubtful = [{ type: "Approved", status: "False" }];
    expect(update("approval", request(), (changed) => (changed["status"] = { conditions: doubtful })).errors).toEqual([
      'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
    ]);
  });

  it("of the status bring a certificate once, and no decision", () => {
    const old = request({}, { conditions: [approved] });
    const signed = update("status", old, (changed) => (changed["status"] = { conditions: [approved], certificate: "good" }));
    expect(signed.errors).toEqual([]);
    expect(signed.object["status"]).toEqual({ conditions: [approved], certificate: "good" });
    expect(
      update("status", signed.object, (changed) => (changed["status"] = { conditions: [approved], certificate: "good2" })).errors,
    ).toEqual(["status.certificate: Forbidden: updates may not modify existing certificate content"]);
    expect(update("status", old, (changed) => (changed["status"] = { conditions: [approved], certificate: "x" })).errors).toEqual([
      'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    ]);
    expect(update("status", request(), (changed) => (changed["status"] = { conditions: [approved] })).errors).toEqual([
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    ]);
    const other = { ...approved, reason: "other" };
    expect(update("status", old, (changed) => (changed["status"] = { conditions: [other] })).object["status"]).toEqual({
      conditions: [approved],
    });
  });
});
