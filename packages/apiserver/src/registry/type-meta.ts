import { resources } from "@coracle/api";
import {
  cannotHandleMessage,
  formatApiVersion,
  gvkOf,
  invalidField,
  isPlainObject,
  jsonKindOf,
  newBadRequest,
  newInvalid,
  type GroupVersionKind,
  type StatusError,
} from "@coracle/apimachinery";
import { bodySummary } from "./body-summary.ts";

const scheme = '"pkg/api/legacyscheme/scheme.go:30"';
const unversioned = new Set(["List", "Status", "DeleteOptions", "CreateOptions", "UpdateOptions", "PatchOptions", "WatchEvent"]);

let known: Set<string> | undefined;

function isKnown(apiVersion: string, kind: string): boolean {
  known ??= new Set(Object.values(resources).map((each) => `${formatApiVersion(each.group, each.version)} ${each.kind}`));
  return unversioned.has(kind) || known.has(`${apiVersion} ${kind}`) || known.has(`${apiVersion} ${kind.replace(/List$/, "")}`);
}

/** The refusal of another built-in kind than the path's: upstream cannot convert what it knows, and knows nothing of the rest. */
export function otherKind(apiVersion: string, kind: string, expected: GroupVersionKind): StatusError {
  const found = gvkOf({ apiVersion, kind });
  const cause = isKnown(apiVersion, kind)
    ? `converting (${found.version}.${kind}) to (${expected.group.split(".", 1)[0] || "core"}.${expected.kind}): unknown conversion`
    : `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${scheme}`;
  return newBadRequest(cannotHandleMessage(found, cause, expected.kind));
}

/** Custom resources have to say what they are. @throws {StatusError} 400, or 422 for another kind. */
export function checkCustomTypeMeta(value: unknown, data: Uint8Array, expected: GroupVersionKind): void {
  const { apiVersion, kind, metadata } = (isPlainObject(value) ? value : {}) as Record<string, unknown>;
  if (typeof kind !== "string" || kind === "") {
    const text = Buffer.from(data).toString();
    const cause = `Object 'Kind' is missing in '${text}'`;
    throw newBadRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${cause} (${bodySummary(data)})`);
  }
  const wanted = formatApiVersion(expected.group, expected.version);
  if (apiVersion !== wanted) {
    throw newBadRequest(`the API version in the data (${String(apiVersion ?? "")}) does not match the expected API version (${wanted})`);
  }
  if (kind === expected.kind) return;
  const name = isPlainObject(metadata) && typeof metadata["name"] === "string" ? metadata["name"] : "";
  throw newInvalid({ group: expected.group, kind }, name, [invalidField("kind", kind, `must be ${expected.kind}`)]);
}

/** What is applied has to be an object that says what it is. @throws {StatusError} 400. */
export function checkAppliedTypeMeta(value: unknown, expected: GroupVersionKind): void {
  if (!isPlainObject(value) && value !== null) {
    const cause = `json: cannot unmarshal ${jsonKindOf(value)} into Go value of type map[string]interface {}`;
    throw newBadRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${cause}`);
  }
  const { apiVersion, kind } = (value ?? {}) as Record<string, unknown>;
  const found = gvkOf({ apiVersion: typeof apiVersion === "string" ? apiVersion : "", kind: typeof kind === "string" ? kind : "" });
  if (found.group === expected.group && found.version === expected.version && found.kind === expected.kind) return;
  throw newBadRequest(`invalid object type: ${found.group}/${found.version}, Kind=${found.kind}`);
}
