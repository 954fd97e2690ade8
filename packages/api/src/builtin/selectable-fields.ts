import type { UnstructuredObject } from "@coracle/apimachinery";

type FieldReader = (object: UnstructuredObject) => string;

const or =
  (label: string, absent: string): FieldReader =>
  (object) =>
    fieldText(object, label) || absent;

/** Labels that are not simply the field of that name, by type. */
const special: Readonly<Record<string, Readonly<Record<string, FieldReader>>>> = {
  "core/v1.Event": { source: (event) => fieldText(event, "source.component") || fieldText(event, "reportingComponent") },
  "core/v1.Node": { "spec.unschedulable": or("spec.unschedulable", "false") },
  "core/v1.Pod": { "spec.hostNetwork": or("spec.hostNetwork", "false"), "spec.host": or("spec.nodeName", "") },
  "core/v1.ReplicationController": { "status.replicas": or("status.replicas", "0") },
  "batch/v1.Job": { "status.successful": or("status.succeeded", "0") },
};

/** What field selectors of a type may name. */
export function selectableFields(type: string, labels: readonly string[]): Readonly<Record<string, FieldReader>> {
  const plain = Object.fromEntries(labels.map((label) => [label, (object: UnstructuredObject) => fieldText(object, label)]));
  return { ...plain, ...special[type] };
}

function fieldText(object: UnstructuredObject, label: string): string {
  let value: unknown = object;
  for (const key of label.split("."))
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
