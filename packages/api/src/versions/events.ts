import type { ResourceVersionDefinition, UnstructuredObject } from "@coracle/apimachinery";
import { rename } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

/** Fields of `events.k8s.io/v1` and what core/v1, which is stored, calls them. All others are the same. */
const coreNames: Readonly<Record<string, string>> = {
  regarding: "involvedObject",
  note: "message",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};
const newNames = Object.fromEntries(Object.entries(coreNames).map(([ours, core]) => [core, ours]));

export const eventsConversion: NonNullable<ResourceVersionDefinition["convert"]> = {
  toStorage: (object) => renamed(object, coreNames, "v1"),
  fromStorage: (object) => renamed(object, newNames, "events.k8s.io/v1"),
};

function renamed(object: Readonly<UnstructuredObject>, names: Readonly<Record<string, string>>, apiVersion: string): UnstructuredObject {
  const entries = Object.entries(object).map(([key, value]) => [names[key] ?? key, value] as const);
  return { ...Object.fromEntries(entries), apiVersion } as UnstructuredObject;
}

/** `events.k8s.io/v1beta1` has the same names as `v1`. */
export const eventForm: VersionForm = {
  toStorage: (event) => renameAll(event, coreNames),
  fromStorage: (event) => renameAll(event, newNames),
};

function renameAll(event: UnstructuredObject, names: Readonly<Record<string, string>>): void {
  for (const [from, to] of Object.entries(names)) rename(event, from, to);
}
