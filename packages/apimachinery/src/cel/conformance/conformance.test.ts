import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import { describe, expect, it } from "vitest";
import { exclusions } from "./testing-exclusions.ts";
import { failureOf } from "./testing-outcome.ts";
import { casesOf, type PlacedCase, type Suite } from "./testing-suite.ts";

const all = casesOf(tests as unknown as Suite);
const excluded = new Map<PlacedCase, string>();
for (const placed of all) {
  const exclusion = exclusions.find(({ includes }) => includes(placed));
  if (exclusion !== undefined) excluded.set(placed, exclusion.reason);
}

function nameOf({ place, test: { original } }: PlacedCase): string {
  return `${place}/${original.name}: ${original.expr}`;
}

function groups(cases: readonly PlacedCase[]): Map<string, PlacedCase[]> {
  const found = new Map<string, PlacedCase[]>();
  for (const placed of cases) {
    const suite = placed.place.slice(0, placed.place.indexOf("/"));
    found.set(suite, [...(found.get(suite) ?? []), placed]);
  }
  return found;
}

/** Of thousands of cases, only those that surprise are worth a line. */
describe("the official test suite of the language", () => {
  const suites = groups(all);

  it.each([...suites.keys()])("%s", (suite) => {
    const cases = suites.get(suite)?.filter((placed) => !excluded.has(placed)) ?? [];
    const failures = cases.map((placed) => ({ name: nameOf(placed), failure: failureOf(placed.test) }));
    expect(failures.filter(({ failure }) => failure !== undefined)).toEqual([]);
  });

  it("has as many cases as it had when it was last looked at", () => {
    expect([all.length, all.length - excluded.size]).toEqual([2344, 1380]);
  });
});

describe("a case that is excluded", () => {
  it.each(exclusions)("fails: $reason", (exclusion) => {
    const cases = all.filter((placed) => exclusion.includes(placed));
    expect(cases).not.toEqual([]);
    expect(cases.filter(({ test }) => failureOf(test) === undefined).map(nameOf)).toEqual([]);
  });
});
