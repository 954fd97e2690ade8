import {
  decodeJson,
  decodeYaml,
  forbiddenField,
  invalidField,
  isPlainObject,
  jsonKindOf,
  newBadRequest,
  newInvalid,
  tooLongField,
  typeMetaMismatch,
  unsupportedField,
  type DeleteOptions,
  type FieldError,
  type PropagationPolicy,
} from "@coracle/apimachinery";
import type { ListQuery, ResourceAddress, WatchQuery } from "../registry/contract.ts";
import { isTrue, type RequestInfo } from "./request-info.ts";

export function addressOf(info: RequestInfo): ResourceAddress {
  const { group, version, resource, namespace, name, subresource } = info;
  // A namespace is not inside itself, though its path and its authorization look so.
  const isItself = resource === "namespaces" && group === "" && namespace === name;
  // Lists of one name are still lists: the name came from their field selector.
  const isCollection = info.verb === "list" || info.verb === "watch" || info.verb === "deletecollection" || info.verb === "create";
  return {
    group,
    version,
    resource,
    namespace: isItself ? "" : namespace,
    name: isCollection && subresource === "" ? "" : name,
    subresource,
  };
}

/** @throws {StatusError} 400 for a limit that is no number. */
export function readListQuery(query: URLSearchParams): ListQuery {
  readInteger(query, "timeoutSeconds");
  const limit = readInteger(query, "limit");
  const initial = query.get("sendInitialEvents");
  return {
    ...text(query, "labelSelector"),
    ...text(query, "fieldSelector"),
    ...(limit !== undefined && limit > 0 && { limit }),
    ...text(query, "continue"),
    ...text(query, "resourceVersion"),
    ...text(query, "resourceVersionMatch"),
    ...(initial !== null && { sendInitialEvents: isTrue(initial) }),
  };
}

/** A watch of the retired form names one object in its path. */
export function readWatchQuery(info: RequestInfo): WatchQuery {
  const { query } = info;
  const list = readListQuery(query);
  const isNamed = info.name !== "" && list.fieldSelector === undefined;
  return {
    ...list,
    ...(isNamed && { fieldSelector: `metadata.name=${info.name}` }),
    allowWatchBookmarks: isTrue(query.get("allowWatchBookmarks")),
  };
}

export function readInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  if (!/^[+-]?\d+$/.test(value)) {
    throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  return Number(value);
}

const optionsKinds: Readonly<Record<string, string>> = {
  POST: "CreateOptions",
  PUT: "UpdateOptions",
  PATCH: "PatchOptions",
  DELETE: "DeleteOptions",
};

/** Which options a request has. */
export function optionsKindOf(method: string): string {
  return optionsKinds[method] ?? "GetOptions";
}

function refuseOption(kind: string, name: string, value: unknown, supported: readonly string[]): never {
  return refuseOptions(kind, unsupportedField(name, value, supported));
}

function refuseOptions(kind: string, error: FieldError): never {
  throw newInvalid({ group: "meta.k8s.io", kind }, "", [error]);
}

/** Whether the request is a trial. @throws {StatusError} 422 for anything but `All`. */
export function readDryRun(values: readonly string[], optionsKind: string): boolean {
  const given = values.filter((value) => value !== "");
  if (given.some((value) => value !== "All")) refuseOption(optionsKind, "dryRun", given, ["All"]);
  return given.length > 0;
}

/** @throws {StatusError} 422. */
export function readFieldValidation(value: string | null, optionsKind: string): "Strict" | "Warn" | "Ignore" {
  if (value === null || value === "") return "Warn";
  if (value === "Strict" || value === "Warn" || value === "Ignore") return value;
  return refuseOption(optionsKind, "fieldValidation", value, ["", "Ignore", "Strict", "Warn"]);
}

const managerLimitBytes = 128;
/** What Go calls printable. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** Who writes, as the client says; empty when it does not. @throws {StatusError} 422. */
export function readFieldManager(value: string | null, optionsKind: string): string {
  const name = value ?? "";
  if (Buffer.byteLength(name) > managerLimitBytes) refuseOptions(optionsKind, tooLongField("fieldManager", managerLimitBytes));
  const found = unprintable.exec(name);
  if (found === null) return name;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const detail = `invalid character U+${code} (at position ${Buffer.byteLength(name.slice(0, found.index))})`;
  return refuseOptions(optionsKind, invalidField("fieldManager", name, detail));
}

/** Whether a patch takes fields from their owners. @throws {StatusError} 422 when it is no apply, which alone has owners to ask. */
export function readForce(value: string | null, isApply: boolean): boolean {
  if (value === null || value === "") return false;
  return isApply ? isTrue(value) : refuseOptions("PatchOptions", forbiddenField("force", "may not be specified for non-apply patch"));
}

/** DeleteOptions of a body, else of the query. @throws {StatusError} 400. */
export async function readDeleteOptions(body: Uint8Array, contentType: string, query: URLSearchParams): Promise<DeleteOptions> {
  if (body.length > 0) return decodeDeleteOptions(body, contentType);
  const grace = readInteger(query, "gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const orphan = query.get("orphanDependents");
  return checkDeleteOptions({
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(policy !== null && { propagationPolicy: policy as PropagationPolicy }),
    ...(orphan !== null && { orphanDependents: isTrue(orphan) }),
    ...(query.has("dryRun") && { dryRun: query.getAll("dryRun") }),
  });
}

async function decodeDeleteOptions(body: Uint8Array, contentType: string): Promise<DeleteOptions> {
  let value: unknown;
  try {
    value = contentType.includes("yaml") ? (await decodeYaml(Buffer.from(body).toString())).value : decodeJson(body).value;
  } catch (error) {
    throw newBadRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
  const options = value ?? {};
  if (!isPlainObject(options)) throw newBadRequest(`couldn't get version/kind; json parse error: ${typeMetaMismatch(options)}`);
  checkOptionsKind(options);
  return checkDeleteOptions(options);
}

/** Refuses other kinds than DeleteOptions, in the words of the scheme that upstream reads them with. @throws {StatusError} 400. */
function checkOptionsKind({ apiVersion, kind }: Readonly<Record<string, unknown>>): void {
  if (typeof kind !== "string" || kind === "" || kind === "DeleteOptions") return;
  const version = JSON.stringify(typeof apiVersion === "string" && apiVersion !== "" ? apiVersion : "meta.k8s.io/v1");
  const scheme = '"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"';
  throw newBadRequest(`no kind ${JSON.stringify(kind)} is registered for version ${version} in scheme ${scheme}`);
}

/** Refuses what no DeleteOptions may say. @throws {StatusError} 400, or 422 for values out of their set. */
export function checkDeleteOptions(options: DeleteOptions): DeleteOptions {
  checkOptionTypes(options);
  const { propagationPolicy: policy, orphanDependents, dryRun } = options;
  if (policy && orphanDependents !== undefined && orphanDependents !== null) {
    const both = "orphanDependents and deletionPropagation cannot be both set";
    refuseOptions("DeleteOptions", invalidField("propagationPolicy", policy, both));
  }
  if (policy && !policies.includes(policy)) {
    refuseOptions("DeleteOptions", unsupportedField("propagationPolicy", policy, [...policies, "nil"]));
  }
  readDryRun(dryRun ?? [], "DeleteOptions");
  return options;
}

const policies = ["Foreground", "Background", "Orphan"];

const isText = (value: unknown): boolean => typeof value === "string";

/** The Go types of the options, and whether a value is of them. */
const optionTypes: Readonly<Record<string, readonly [string, (value: unknown) => boolean]>> = {
  gracePeriodSeconds: ["int64", (value) => Number.isSafeInteger(value)],
  propagationPolicy: ["v1.DeletionPropagation", isText],
  orphanDependents: ["bool", (value) => typeof value === "boolean"],
  ignoreStoreReadErrorWithClusterBreakingPotential: ["bool", (value) => typeof value === "boolean"],
  dryRun: ["[]string", (value) => Array.isArray(value) && value.every(isText)],
  preconditions: ["v1.Preconditions", isPlainObject],
};

/** @throws {StatusError} 400, with the words of Go's decoder. */
function checkOptionTypes(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(optionTypes, name) ? optionTypes[name] : undefined;
    if (type === undefined || value === undefined || value === null || type[1](value)) continue;
    const found = typeof value === "number" && type[0] === "int64" ? `number ${value}` : jsonKindOf(value);
    throw newBadRequest(`json: cannot unmarshal ${found} into Go struct field DeleteOptions.${name} of type ${type[0]}`);
  }
}

function text<K extends string>(query: URLSearchParams, name: K): { [key in K]?: string } {
  const value = query.get(name);
  return value === null || value === "" ? {} : ({ [name]: value } as { [key in K]?: string });
}
