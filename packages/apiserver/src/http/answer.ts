import { newBadRequest, StatusError } from "@coracle/apimachinery";
import type { ListView, ObjectView, ServedResource } from "../registry/contract.ts";
import type { HttpExchange } from "./exchange.ts";
import { encodeList, gatherList, listHead, listMeta, type ListHead } from "./list-body.ts";
import type { Negotiated, Transform } from "./negotiate.ts";
import type { Protobuf } from "./protobuf/load.ts";
import { isPretty, sendBytes, sendProtobuf, type AnswerForm } from "./respond.ts";
import { encodeObjectTable, encodeTable, partialMetadata, type IncludeObject, type TableOptions } from "./table.ts";

/** How the answer to a request is written. */
export interface Answer {
  readonly exchange: HttpExchange;
  readonly served: ServedResource;
  readonly negotiated: Negotiated;
  /** Present when `negotiated` says protobuf. */
  readonly protobuf: Protobuf | undefined;
  readonly includeObject: IncludeObject;
  /** Subresources have kinds, and so columns, of their own. */
  readonly hasColumns: boolean;
  nowMs(): number;
}

/** Sends an object, or what the client wants made of it. @throws {StatusError} 406. */
export function sendObject(answer: Answer, code: number, view: ObjectView): Promise<void> {
  const { exchange, served, negotiated, protobuf, hasColumns } = answer;
  const { as, metaVersion } = negotiated;
  if (as === "PartialObjectMetadataList") throw notTransformable(as, served, "is not a list");
  const isPartial = as === "PartialObjectMetadata";
  if (protobuf !== undefined) {
    const bytes = isPartial ? protobuf.encodeObject(partialMetadata(view, metaVersion)) : protobuf.encodeView(view);
    return sendProtobuf(exchange, code, bytes);
  }
  const form = textForm(answer);
  if (as === "Table" && hasColumns) return sendBytes(exchange, code, encodeObjectTable(served, view, tableOptions(answer)), form);
  return sendBytes(exchange, code, isPartial ? jsonOf(partialMetadata(view, metaVersion)) : view.bytes(), form);
}

/** The same for a list. @throws {StatusError} 406. */
export function sendList(answer: Answer, list: ListView): Promise<void> {
  const { exchange, served, negotiated, protobuf } = answer;
  if (negotiated.as === "PartialObjectMetadata") throw notTransformable(negotiated.as, served, "is a list");
  if (protobuf !== undefined) return sendProtobuf(exchange, 200, protobufList(answer, protobuf, list));
  return sendBytes(exchange, 200, jsonList(answer, list), textForm(answer));
}

function protobufList({ served, negotiated }: Answer, protobuf: Protobuf, list: ListView): Buffer {
  if (negotiated.as === undefined) {
    const items = list.items.map((view) => protobuf.encodeView(view));
    return protobuf.encodeList(listHead(served, list), served.definition.kind, items);
  }
  const items = list.items.map((view) => protobuf.encodeObject(partialMetadata(view, negotiated.metaVersion)));
  return protobuf.encodeList(partialHead(list, negotiated.metaVersion), "PartialObjectMetadata", items);
}

function jsonList(answer: Answer, list: ListView): Buffer {
  const { served, negotiated } = answer;
  if (negotiated.as === "Table") return encodeTable(served, list, tableOptions(answer));
  if (negotiated.as === undefined) return encodeList(served, list);
  const itemOf = (index: number): Buffer => jsonOf(partialMetadata(list.items[index] as ObjectView, negotiated.metaVersion));
  return gatherList(partialHead(list, negotiated.metaVersion), list.items.length, itemOf);
}

function partialHead(list: ListView, metaVersion: string): ListHead {
  return { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${metaVersion}`, metadata: listMeta(list) };
}

export function tableOptions({ negotiated, includeObject, nowMs }: Pick<Answer, "negotiated" | "includeObject" | "nowMs">): TableOptions {
  return { metaVersion: negotiated.metaVersion, includeObject, nowMs: nowMs() };
}

function textForm({ exchange, negotiated }: Answer): AnswerForm {
  return { format: negotiated.format === "yaml" ? "yaml" : "json", isPretty: isPretty(exchange, negotiated) };
}

function jsonOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** What shall be in the rows of a table. @throws {StatusError} 400. */
export function readIncludeObject(value: string | null): IncludeObject {
  if (value === null || value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  const expected = "must be 'Metadata', 'Object', 'None', or empty";
  throw newBadRequest(`Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: ${expected}`);
}

function notTransformable(as: Transform, { definition }: ServedResource, problem: "is a list" | "is not a list"): StatusError {
  const kind = problem === "is a list" ? definition.listKind : definition.kind;
  const unstructured = problem === "is a list" ? "UnstructuredList" : "Unstructured";
  const type = definition.isCustom ? `unstructured.${unstructured}` : `${packageOf(definition.group)}.${kind}`;
  const message = `you requested ${as}, but the requested object ${problem} (*${type})`;
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "NotAcceptable",
    code: 406,
  });
}

/** Upstream's package of a group, which its error names: `rbac` of `rbac.authorization.k8s.io`. */
function packageOf(group: string): string {
  return group === "" || group === "events.k8s.io" ? "core" : (group.split(".", 1)[0] as string);
}
