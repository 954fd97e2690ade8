import { deepEqual } from "@coracle/apimachinery";

type Json = Readonly<Record<string, unknown>>;

/** A Swagger 2.0 document of which the paths below `prefix` are wanted. */
export interface DocumentPart {
  readonly document: Json;
  /** `/apis/example.com/v1/`. */
  readonly prefix: string;
}

const sections = ["definitions", "parameters"] as const;
type Section = (typeof sections)[number];

/**
 * One Swagger 2.0 document of several. What is there already stays: a path is not taken twice, and a definition with the name of another
 * one comes under a new name. As upstream's aggregator merges them.
 */
export function mergeV2(base: Json, parts: readonly DocumentPart[]): Json {
  let merged = base;
  for (const part of parts) merged = addPart(merged, part);
  return merged;
}

function addPart(base: Json, { document, prefix }: DocumentPart): Json {
  const present = objectOf(base["paths"]);
  const wanted = Object.entries(objectOf(document["paths"])).filter(([path]) => path.startsWith(prefix) && !Object.hasOwn(present, path));
  const used = collectReferences(document, wanted);
  const names = new Map<string, string>();
  for (const section of sections) {
    const taken = objectOf(base[section]);
    for (const name of used[section]) {
      const reference = `#/${section}/${name}`;
      names.set(reference, `#/${section}/${freeName(taken, name, objectOf(document[section])[name])}`);
    }
  }
  const added = (section: Section): [string, unknown][] =>
    [...used[section]].map((name) => [
      (names.get(`#/${section}/${name}`) as string).slice(section.length + 3),
      rename(objectOf(document[section])[name], names),
    ]);
  const withPaths = Object.fromEntries(wanted.map(([path, item]) => [path, rename(item, names)]));
  const merged: Record<string, unknown> = { ...base, paths: { ...present, ...withPaths } };
  for (const section of sections) {
    if (used[section].size > 0) merged[section] = { ...objectOf(base[section]), ...Object.fromEntries(added(section)) };
  }
  return merged;
}

/** What the paths refer to, directly or not. */
function collectReferences(document: Json, paths: readonly [string, unknown][]): Record<Section, Set<string>> {
  const used: Record<Section, Set<string>> = { definitions: new Set(), parameters: new Set() };
  const pending: unknown[] = paths.map(([, item]) => item);
  while (pending.length > 0) {
    visitReferences(pending.pop(), (reference) => {
      const [, section = "", name = ""] = /^#\/(definitions|parameters)\/(.+)$/.exec(reference) ?? [];
      if (name === "" || used[section as Section].has(name)) return;
      used[section as Section].add(name);
      pending.push(objectOf(document[section])[name]);
    });
  }
  return used;
}

function visitReferences(value: unknown, visit: (reference: string) => void): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === "$ref" && typeof child === "string") visit(child);
    else visitReferences(child, visit);
  }
}

/** The name itself if it is free or stands for the same, else with `_v2`, `_v3` … */
function freeName(taken: Json, name: string, definition: unknown): string {
  if (!Object.hasOwn(taken, name) || deepEqual(taken[name], definition)) return name;
  for (let number = 2; ; number++) if (!Object.hasOwn(taken, `${name}_v${number}`)) return `${name}_v${number}`;
}

function rename(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      key === "$ref" && typeof child === "string" ? (names.get(child) ?? child) : rename(child, names),
    ]),
  );
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
