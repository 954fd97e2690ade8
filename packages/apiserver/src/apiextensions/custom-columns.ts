import { ageOf, jsonPath, type ColumnDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { CustomResourceColumn } from "./types.ts";

const nameColumn: ColumnDefinition = {
  name: "Name",
  type: "string",
  format: "name",
  description:
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically.",
  priority: 0,
  cell: (object) => object.metadata.name ?? "",
};

const ageColumn: CustomResourceColumn = {
  name: "Age",
  type: "date",
  description: "CreationTimestamp is a timestamp representing the server time when this object was created.",
  jsonPath: ".metadata.creationTimestamp",
};

/** The name, then the version's own columns; the age when it has none, or one that makes no sense. */
export function columnsOf(columns: readonly CustomResourceColumn[] | undefined): ColumnDefinition[] {
  const own = columns === undefined || columns.length === 0 ? [ageColumn] : columns;
  return [nameColumn, ...(columnsIfReadable(own) ?? [columnOf(ageColumn)])];
}

/** Undefined when the path of one of them cannot be read: then objects are shown as if there were none. */
function columnsIfReadable(columns: readonly CustomResourceColumn[]): ColumnDefinition[] | undefined {
  try {
    return columns.map(columnOf);
  } catch {
    return undefined;
  }
}

function columnOf(column: CustomResourceColumn): ColumnDefinition {
  const path = jsonPath(column.jsonPath);
  const type = column.type as ColumnDefinition["type"];
  return {
    name: column.name,
    type,
    ...(column.format !== undefined && { format: column.format }),
    description: column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    cell: (object: UnstructuredObject, nowMs: number) => cellOf(type, path.get(object), nowMs),
  };
}

/** A value that does not have the column's type shows nothing. */
function cellOf(type: ColumnDefinition["type"], value: unknown, nowMs: number): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "string":
      return typeof value === "string" ? value : JSON.stringify(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? ageOf(value, nowMs) : null;
  }
}
