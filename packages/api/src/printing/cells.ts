import { ageOf, selectorFrom, type KubeObject, type LabelSelector } from "@coracle/apimachinery";
import type { PodSpec } from "../generated/core-v1.ts";

/** The cells of a kind by the name of their column. `Name`, `Age` and `Created At` are the same everywhere and left out. */
export type Cells<T extends KubeObject> = Readonly<Record<string, (object: T, nowMs: number) => unknown>>;

export const none = "<none>";
export const unset = "<unset>";
export const unknown = "<unknown>";

/** The value, or a placeholder for nothing: `orNone(spec.nodeName)`. */
export function orNone(value: string | undefined): string {
  return value === undefined || value === "" ? none : value;
}

/** `a=b,c=d`, ordered by key. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
  return orNone(entries.map(([key, value]) => `${key}=${value}`).join(","));
}

/** A selector as its text; one that selects everything is `<none>`. */
export function selectorText(selector: LabelSelector | undefined): string {
  return orNone(rawSelectorText(selector));
}

/** Empty when there is none, `<invalid>` when it cannot be read. */
export function rawSelectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "";
  try {
    return selectorFrom(selector).toString();
  } catch {
    return "<invalid>";
  }
}

export function containerNames(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map(({ name }) => name).join(",");
}

export function containerImages(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map(({ image }) => image ?? "").join(",");
}

/** The time since, or a placeholder for a time that never was. */
export function since(time: string | null | undefined, nowMs: number, missing = unknown): string {
  return time === undefined || time === null || time === "" ? missing : ageOf(time, nowMs);
}

/** The first few, and how many there are besides: `a,b,c + 2 more...`. */
export function firstFew(values: readonly string[], limit: number, joint = ","): string {
  const text = values.slice(0, limit).join(joint);
  return values.length > limit ? `${text} + ${values.length - limit} more...` : text;
}

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

/** `RWO,RWX`: each mode once, in the order of the table. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.keys(shortModes)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => shortModes[mode])
    .join(",");
}

/** The workload's template, in the columns that several kinds share. */
export function templateCells<T extends KubeObject>(specOf: (object: T) => PodSpec | undefined): Cells<T> {
  return { Containers: (object) => containerNames(specOf(object)), Images: (object) => containerImages(specOf(object)) };
}
