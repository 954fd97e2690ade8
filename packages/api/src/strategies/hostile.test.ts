import { DecodeError } from "@coracle/apimachinery";
import { expect, it } from "vitest";
import { manifestNames } from "../../testing/findings.ts";
import { Judge, readManifest, type Edits } from "../../testing/judge.ts";

const nothings = [undefined, null, {}, [], [null], [{}], "", 0] as const;

/** Every path in a value, but for those through keys that a path cannot say. */
function pathsOf(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key.includes(".") || (at === "" && ["apiVersion", "kind", "metadata"].includes(key))) return [];
    const path = at === "" ? key : `${at}.${key}`;
    return [path, ...pathsOf(inner, path)];
  });
}

function crashOf(judge: () => unknown): string | undefined {
  try {
    judge();
    return undefined;
  } catch (error) {
    return error instanceof DecodeError ? undefined : String(error);
  }
}

it.each(manifestNames())("whatever is missing in %s, its rules answer", async (resource) => {
  const judge = await Judge.of(resource, resource);
  const crashes: string[] = [];
  for (const path of pathsOf(await readManifest(resource))) {
    for (const nothing of nothings) {
      const edits: Edits = { [path]: nothing };
      const crash = crashOf(() => judge.create(edits)) ?? crashOf(() => judge.update({}, edits));
      if (crash !== undefined) crashes.push(`${path}=${JSON.stringify(nothing)}: ${crash}`);
    }
  }
  expect(crashes).toEqual([]);
});
