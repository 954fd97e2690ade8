import type { KubeObject, ResourceType } from "@coracle/apimachinery";

/** A core/v1 Event as recorders write it. */
export interface CoreEvent extends KubeObject {
  involvedObject: ObjectReference;
  reason: string;
  message: string;
  source: { component: string; host?: string };
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
  type: "Normal" | "Warning";
  eventTime: null;
  reportingComponent: string;
  reportingInstance: string;
}

export interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export const coreEvents: ResourceType<CoreEvent> = { group: "", version: "v1", resource: "events", kind: "Event", isNamespaced: true };

const fieldPathOf = Symbol("fieldPath");

/** `object` for {@link EventRecorder.record} with the part of it that an event is about: `spec.containers{web}`. */
export function atFieldPath<T extends KubeObject>(object: T, fieldPath: string): T {
  return { ...object, [fieldPathOf]: fieldPath };
}

/** What an event's `involvedObject` says of `object`. */
export function referenceTo(object: KubeObject & { [fieldPathOf]?: string }): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const reference: ObjectReference = { kind: object.kind, apiVersion: object.apiVersion };
  if (namespace !== undefined) reference.namespace = namespace;
  if (name !== undefined) reference.name = name;
  if (uid !== undefined) reference.uid = uid;
  if (resourceVersion !== undefined) reference.resourceVersion = resourceVersion;
  const fieldPath = object[fieldPathOf];
  if (fieldPath !== undefined) reference.fieldPath = fieldPath;
  return reference;
}
