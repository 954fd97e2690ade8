import { cannotHandleMessage, formatApiVersion, gvkOf, newBadRequest, newUnsupportedMediaType, StatusError } from "@coracle/apimachinery";
import { bodySummary } from "../registry/body-summary.ts";
import type { PatchBody, RequestBody, ServedResource } from "../registry/contract.ts";
import type { HttpExchange } from "./exchange.ts";
import { producedTypes, protobufType } from "./negotiate.ts";
import { loadProtobuf, type Protobuf } from "./protobuf/load.ts";

/** As upstream's: what a store shaped like etcd takes, twice over. */
export const bodyLimitBytes = 3 * 2 ** 20;

export const applyPatchType = "application/apply-patch+yaml";
const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  applyPatchType,
];

/** The kind that a request's object has if it does not say. */
export interface BodyKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Reads an object. @throws {StatusError} 400, 413 or 415. */
export async function readObjectBody(exchange: HttpExchange, expected: BodyKind): Promise<RequestBody> {
  const contentType = contentTypeOf(exchange);
  if (!producedTypes.includes(contentType)) throw newUnsupportedMediaType(producedTypes);
  const data = await exchange.readBody(bodyLimitBytes);
  if (contentType !== protobufType) return { type: "bytes", contentType, data };
  const protobuf = await loadProtobuf();
  const { group, version, kind } = expected;
  try {
    const object = protobuf.decodeProtobuf(data, { apiVersion: formatApiVersion(group, version), kind });
    return { type: "object", object: object as (RequestBody & { type: "object" })["object"] };
  } catch (error) {
    throw newBadRequest(malformed(protobuf, error as Error, { data, kind }));
  }
}

/** Reads DeleteOptions, as JSON or YAML; no bytes without a body. @throws {StatusError} 400, 413 or 415. */
export async function readOptionsBody(exchange: HttpExchange): Promise<{ readonly contentType: string; readonly data: Uint8Array }> {
  const data = await exchange.readBody(bodyLimitBytes);
  const contentType = contentTypeOf(exchange);
  if (data.length === 0) return { contentType, data };
  if (!producedTypes.includes(contentType)) throw newUnsupportedMediaType(producedTypes);
  if (contentType !== protobufType) return { contentType, data };
  const { decodeProtobuf } = await loadProtobuf();
  try {
    const options = decodeProtobuf(data, { apiVersion: "v1", kind: "DeleteOptions" });
    return { contentType: "application/json", data: Buffer.from(JSON.stringify(options)) };
  } catch (error) {
    throw newBadRequest((error as Error).message);
  }
}

/** Reads a patch; what `forceOf` says depends on its type. @throws {StatusError} 413 or 415. */
export async function readPatchBody(
  exchange: HttpExchange,
  { definition }: ServedResource,
  forceOf: (contentType: string) => boolean,
): Promise<PatchBody> {
  const contentType = contentTypeOf(exchange);
  // For built-in kinds upstream's router answers before a handler could say what would do.
  if (!patchTypes.includes(contentType) && !definition.isCustom) throw unroutable;
  const force = forceOf(contentType);
  const data = await exchange.readBody(bodyLimitBytes);
  return { contentType, body: { type: "bytes", contentType, data }, force };
}

const unroutable = new StatusError({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "415: Unsupported Media Type",
  reason: "UnsupportedMediaType",
  details: {},
  code: 415,
});

/** Without parameters; JSON when absent. What is no media type stays as it is, and is none that anybody knows. */
function contentTypeOf(exchange: HttpExchange): string {
  const header = exchange.headers["content-type"] ?? "";
  const [type = "", ...parameters] = header.split(";").map((part) => part.trim());
  if (!parameters.every((each) => each === "" || parameter.test(each))) return header;
  return type === "" ? "application/json" : type.toLowerCase();
}

/** RFC 9110 section 5.6.6. */
const parameter = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*=\s*(?:"[^"]*"|[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/;

function malformed(protobuf: Protobuf, error: Error, { data, kind }: { readonly data: Uint8Array; readonly kind: string }): string {
  if (error instanceof protobuf.ObjectWireError) return cannotHandleMessage(gvkOf(error), error.message, kind);
  return `the object provided is unrecognized (must be of type ${kind}): ${error.message} (${bodySummary(data)})`;
}
