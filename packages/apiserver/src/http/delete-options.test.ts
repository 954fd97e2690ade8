import { expect, it } from "vitest";
import { checkDeleteOptions, readDeleteOptions } from "./query.ts";

function read(text: string): Promise<unknown> {
  return readDeleteOptions(Buffer.from(text), "application/json", new URLSearchParams());
}

it.each([
  ["null", {}],
  ["{}", {}],
  ['{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}', { kind: "DeleteOptions", apiVersion: "v1", dryRun: ["All"] }],
])("%s is read", async (text, options) => {
  expect(await read(text)).toEqual(options);
});

it.each([
  ['{"dryRun":"All"}', "json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string"],
  ['{"gracePeriodSeconds":1.5}', "json: cannot unmarshal number 1.5 into Go struct field DeleteOptions.gracePeriodSeconds of type int64"],
  ['{"preconditions":[]}', "json: cannot unmarshal array into Go struct field DeleteOptions.preconditions of type v1.Preconditions"],
  ["{", "couldn't get version/kind; json parse error: unexpected end of JSON input"],
  [
    '{"kind":"Pod","apiVersion":"v1"}',
    'no kind "Pod" is registered for version "v1" in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"',
  ],
])("%s is no DeleteOptions", async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({ code: 400, message });
});

it("values out of their set are invalid", () => {
  expect(() => checkDeleteOptions({ propagationPolicy: "Foo" as "Orphan" })).toThrow(
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
  );
  expect(() => checkDeleteOptions({ propagationPolicy: "Orphan", orphanDependents: true })).toThrow(
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  );
});
