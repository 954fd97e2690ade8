import type { Event, ObjectReference } from "@coracle/api";
import type { KubeObject } from "@coracle/apimachinery";

type Recorded = "message" | "firstTimestamp" | "lastTimestamp" | "count" | "reason" | "type" | "source";

/** A core/v1 Event with all that a recorder writes. */
export type RecordedEvent = Event & { [Field in Recorded]-?: NonNullable<Event[Field]> };

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
