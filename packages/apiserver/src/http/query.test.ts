import { expect, it } from "vitest";
import { readFieldManager, readForce } from "./query.ts";

const refusal = 'PatchOptions.meta.k8s.io "" is invalid: ';

it("field managers are short and printable", () => {
  expect([readFieldManager(null, "PatchOptions"), readFieldManager("ältere-Größe 2", "PatchOptions")]).toEqual(["", "ältere-Größe 2"]);
  expect(readFieldManager("x".repeat(128), "PatchOptions")).toHaveLength(128);
  expect(() => readFieldManager("x".repeat(129), "PatchOptions")).toThrow(
    `${refusal}fieldManager: Too long: may not be more than 128 bytes`,
  );
  expect(() => readFieldManager("ä\u0007", "PatchOptions")).toThrow(
    /fieldManager: Invalid value: ".*": invalid character U\+0007 \(at position 2\)$/,
  );
});

it("only an apply can be forced", () => {
  expect([readForce(null, false), readForce("true", true), readForce("false", true)]).toEqual([false, true, false]);
  for (const value of ["true", "false"])
    expect(() => readForce(value, false)).toThrow(`${refusal}force: Forbidden: may not be specified for non-apply patch`);
});
