import { formatApiVersion, type ColumnDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { ListView, ObjectView, ServedResource } from "../registry/contract.ts";
import { gatherList, listMeta } from "./list-body.ts";

export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  /** Version of `meta.k8s.io`. */
  readonly metaVersion: string;
  readonly includeObject: IncludeObject;
  readonly nowMs: number;
  /** Left out of all but the first event of a watch. Defaults to true. */
  readonly hasHeaders?: boolean;
}

const defaultColumns: readonly ColumnDefinition[] = [
  {
    name: "Name",
    type: "string",
    format: "name",
    description: "Name must be unique within a namespace.",
    priority: 0,
    cell: (object) => object.metadata.name ?? "",
  },
  {
    name: "Created At",
    type: "date",
    description: "CreationTimestamp is a timestamp representing the server time when this object was created.",
    priority: 0,
    cell: (object) => object.metadata.creationTimestamp ?? null,
  },
];

/** The `Table` that `kubectl get` prints, one row an object. */
export function encodeTable(served: ServedResource, list: ListView, options: TableOptions): Buffer {
  const columns = columnsOf(served);
  const head = {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.metaVersion}`,
    metadata: listMeta(list),
    columnDefinitions: options.hasHeaders === false ? null : columns.map(describe),
  };
  return gatherList(head, list.items.length, (index) => row(columns, list.items[index] as ObjectView, served, options), "rows");
}

/** A table of one object, for GET and the events of watches. */
export function encodeObjectTable(served: ServedResource, view: ObjectView, options: TableOptions): Buffer {
  const { resourceVersion = "" } = view.object.metadata;
  return encodeTable(served, { items: [view], resourceVersion }, options);
}

/** The table of a bookmark, whose object has nothing but metadata: a row, as upstream, in whose object a client finds the annotations. */
export function encodeBookmarkTable(served: ServedResource, view: ObjectView, options: TableOptions): Buffer {
  const columns = columnsOf(served).map((column) => ({ ...column, cell: () => null }));
  const { resourceVersion = "" } = view.object.metadata;
  const version = { ...served.version, columns, rowConditions: () => [] };
  return encodeTable({ ...served, version }, { items: [view], resourceVersion }, { ...options, includeObject: "Metadata" });
}

function columnsOf({ version }: ServedResource): readonly ColumnDefinition[] {
  return version.columns.length === 0 ? defaultColumns : version.columns;
}

function describe(column: ColumnDefinition): Record<string, unknown> {
  const { name, type, format = "", description = "", priority } = column;
  return { name, type, format, description, priority };
}

function row(columns: readonly ColumnDefinition[], view: ObjectView, served: ServedResource, options: TableOptions): Buffer {
  const cells = JSON.stringify(columns.map((column) => column.cell(view.object as UnstructuredObject, options.nowMs) ?? null));
  const conditions = served.version.rowConditions?.(view.object as UnstructuredObject) ?? [];
  const head = `{"cells":${cells}${conditions.length === 0 ? "" : `,"conditions":${JSON.stringify(conditions)}`}`;
  switch (options.includeObject) {
    case "None":
      return Buffer.from(`${head},"object":null}`);
    case "Object":
      return Buffer.concat([Buffer.from(`${head},"object":`), view.bytes(), Buffer.from("}")]);
    case "Metadata":
      return Buffer.from(`${head},"object":${JSON.stringify(partialMetadata(view, options.metaVersion))}}`);
  }
}

/** An object cut down to its metadata. */
export function partialMetadata(view: ObjectView, metaVersion: string): Record<string, unknown> {
  return { kind: "PartialObjectMetadata", apiVersion: formatApiVersion("meta.k8s.io", metaVersion), metadata: view.object.metadata };
}
