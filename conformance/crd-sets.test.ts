/** Sets of CustomResourceDefinitions of the shapes that well-known projects have, used as kubectl's users use them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { Kubectl, oldestAndNewestKubectl } from "./src/coracle.ts";
import { crdSets, type CrdSet, type Trial } from "./src/crd-sets/sets.ts";

let server: ServerUnderTest;
let oldest: Kubectl;
let newest: Kubectl;

beforeAll(() => {
  server = serverUnderTest("crd-sets");
  const [first, last = first] = oldestAndNewestKubectl();
  if (first === undefined || last === undefined) throw new Error("no kubectl");
  oldest = new Kubectl(first, server.kubeconfig);
  newest = new Kubectl(last, server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

/** One manifest of many objects, as projects publish them. */
function manifestOf(objects: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
}

function names({ definitions }: CrdSet): string[] {
  return definitions.map((each) => `crd/${(each as { metadata: { name: string } }).metadata.name}`);
}

/** Says with an error what `kubectl apply` says. */
function expectApplied(kubectl: Kubectl, set: CrdSet, ...args: string[]): void {
  const output = kubectl.pipe(manifestOf(set.definitions), "apply", "-f", "-", ...args);
  expect(output.trim().split("\n")).toHaveLength(set.definitions.length);
}

describe.each(crdSets)("$name", (set) => {
  it("is applied from either side, and established", () => {
    if (set.isTooLargeForClientSideApply === true) {
      const { code, stderr } = newest.try(["apply", "-f", "-"], { input: manifestOf(set.definitions) });
      expect([code, stderr]).toEqual([1, expect.stringContaining("metadata.annotations: Too long: may not be more than 262144 bytes")]);
      expectApplied(newest, set, "--server-side");
    } else {
      expectApplied(oldest, set);
      expectApplied(newest, set);
      expectApplied(newest, set, "--server-side", "--force-conflicts");
    }
    newest.run("wait", "--for=condition=Established", ...names(set), "--timeout=60s");
    // Nothing is wrong with it, and applying it again changes nothing.
    for (const name of names(set)) {
      const condition = `jsonpath={.status.conditions[?(@.type=="NonStructuralSchema")].status}{.metadata.generation}`;
      const before = newest.run("get", name, "-o", condition);
      expect(before).toMatch(/^\d+$/);
      newest.pipe(manifestOf(set.definitions), "apply", "-f", "-", "--server-side", "--force-conflicts");
      expect(newest.run("get", name, "-o", condition)).toBe(before);
    }
  });

  it.each(set.trials)("$resource serves objects", (trial) => {
    const input = JSON.stringify(trial.object);
    expect(newest.pipe(input, "apply", "-f", "-", "--validate=strict")).toContain("created");
    // Where items of lists have defaults kubectl sees a change, of which nothing is left at the server.
    const revision = (): string =>
      newest.run("get", trial.resource, trial.object.metadata.name, "-o", "jsonpath={.metadata.resourceVersion}");
    const before = revision();
    expect(newest.pipe(input, "apply", "-f", "-")).toMatch(/ (?:unchanged|configured)$/m);
    expect(revision()).toBe(before);
    oldest.pipe(input, "apply", "-f", "-");
    expect(newest.pipe(input, "apply", "-f", "-", "--server-side", "--force-conflicts")).toContain("serverside-applied");
    const stored = newest.json<typeof trial.object>("get", trial.resource, trial.object.metadata.name);
    expect(stored.spec).toMatchObject(trial.object.spec ?? {});
    expectPrinted(trial);
    expectExplained(trial);
    expectChecked(trial);
  });

  it("goes with its objects", () => {
    newest.run("delete", ...names(set), "--timeout=60s");
    const [trial] = set.trials;
    if (trial === undefined) throw new Error("no trial");
    expect(newest.try(["get", trial.resource]).stderr).toContain("the server doesn't have a resource type");
  });
});

function expectPrinted({ resource, object, columns, cells }: Trial): void {
  for (const kubectl of [oldest, newest]) {
    const [header = "", row = ""] = kubectl.run("get", resource, object.metadata.name).split("\n");
    expect(header.trim().split(/\s{2,}/)).toEqual(columns);
    for (const cell of cells) expect(row).toContain(cell);
  }
  expect(newest.run("get", resource, object.metadata.name, "-o", "wide")).toContain(object.metadata.name);
}

function expectExplained({ object, explain: [path, expected] }: Trial): void {
  const version = ["--api-version", object.apiVersion];
  // Old ones do not print enums and defaults.
  expect(oldest.run("explain", path, ...version)).toContain(`FIELD: ${path.split(".").at(-1)}`);
  expect(newest.run("explain", path, ...version)).toContain(expected);
  const [kind = ""] = path.split(".");
  expect(newest.run("explain", kind, "--recursive", ...version)).toContain(path.split(".").at(-1));
}

function expectChecked({ resource, object, refused = [], welcome }: Trial): void {
  const patch = (change: object): string[] => ["patch", resource, object.metadata.name, "--type=merge", "-p", JSON.stringify(change)];
  for (const [change, message] of refused) {
    const { code, stderr } = newest.try(patch(change));
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  }
  if (welcome !== undefined) expect(newest.run(...patch(welcome))).toContain("patched");
  // What no field is for is refused by a strict client.
  const odd = { ...object, metadata: { name: "odd" }, spec: { ...object.spec, surprise: 1 } };
  const { stderr } = newest.try(["create", "-f", "-", "--validate=strict", "--dry-run=server"], { input: JSON.stringify(odd) });
  expect(stderr).toContain('unknown field "spec.surprise"');
}
