import { decodeJson, forbiddenField, newBadRequest, newInvalid, unsupportedField, type FieldError } from "@coracle/apimachinery";
import type { ListQuery, WatchQuery } from "../registry/contract.ts";

const largest = 2n ** 64n - 1n;

/** What is wrong with a resourceVersion, in Go's words; undefined when it is one. */
function problemOf(text: string): string | undefined {
  const problem = !/^\d+$/.test(text) ? "invalid syntax" : BigInt(text) > largest ? "value out of range" : undefined;
  return problem === undefined ? undefined : `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${problem}`;
}

/** The revision that a resourceVersion parameter names; undefined when it is empty. @throws {StatusError} 422. */
export function parseResourceVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const detail = problemOf(text);
  if (detail === undefined) return Number(text);
  throw newInvalid({ group: "", kind: "ListOptions" }, "", [
    { type: "FieldValueInvalid", field: "resourceVersion", badValue: text, detail },
  ]);
}

/** The same for lists. @throws {StatusError} 400. */
export function parseListVersion(text: string | undefined): number | undefined {
  const detail = text === undefined || text === "" ? undefined : problemOf(text);
  if (detail === undefined) return parseResourceVersion(text);
  throw newBadRequest(`invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: ${detail}`);
}

const matchMessage = "resourceVersionMatch is forbidden unless resourceVersion is provided";

/** Refuses combinations of list parameters that mean nothing. @throws {StatusError} 422. */
export function checkListQuery(query: ListQuery): void {
  const { resourceVersionMatch: match = "", resourceVersion = "", continue: token = "", sendInitialEvents } = query;
  const field = "resourceVersionMatch";
  const errors: FieldError[] = [];
  if (match !== "") {
    if (resourceVersion === "") errors.push(forbiddenField(field, matchMessage));
    if (token !== "") errors.push(forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided"));
    if (match !== "Exact" && match !== "NotOlderThan") errors.push(unsupportedField(field, match, ["Exact", "NotOlderThan", ""]));
    if (match === "Exact" && resourceVersion === "0") {
      errors.push(forbiddenField(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (sendInitialEvents !== undefined) errors.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  refuse(errors);
}

/** Refuses combinations of watch parameters that mean nothing. @throws {StatusError} 422. */
export function checkWatchQuery(query: WatchQuery): void {
  const { resourceVersionMatch: match = "", sendInitialEvents } = query;
  const field = "resourceVersionMatch";
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    errors.push(forbiddenField(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (match !== "") {
    if (sendInitialEvents === undefined) {
      errors.push(forbiddenField(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    }
    if (match !== "NotOlderThan") errors.push(unsupportedField(field, match, ["NotOlderThan"]));
    if (query.continue) errors.push(forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided"));
  }
  refuse(errors);
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw newInvalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
}

interface ContinueToken {
  /** −1 goes on with whatever is newest. */
  readonly revision: number;
  /** The first key of the next chunk is at or after this. */
  readonly start: string;
}

/** Upstream's form, so that a token survives a change of server. */
export function encodeContinueToken(token: ContinueToken): string {
  const value = { v: "meta.k8s.io/v1", rv: token.revision, start: token.start };
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** @throws {StatusError} 400. */
export function decodeContinueToken(text: string): ContinueToken {
  const { v, rv, start } = readToken(text);
  if (v !== "meta.k8s.io/v1") refuseToken(`: server does not recognize this encoded version ${String(v ?? "")}`);
  if (typeof rv !== "number" || rv === 0 || !Number.isSafeInteger(rv)) {
    refuseToken(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  if (typeof start !== "string" || start === "") refuseToken(": encoded start key empty (version meta.k8s.io/v1)");
  // Else a token could lead out of its collection.
  if (/(^|\/)(\.{0,2})(\/|$)/.test(start.replace(/^\//, ""))) refuseToken(`: ${start}`);
  return { revision: rv, start };
}

function readToken(text: string): { readonly v?: unknown; readonly rv?: unknown; readonly start?: unknown } {
  const illegal = /[^\w-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : undefined);
  if (illegal !== undefined) refuseToken(`: illegal base64 data at input byte ${illegal}`);
  try {
    const value = decodeJson(Buffer.from(text, "base64url")).value;
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    return refuseToken(`: ${(error as Error).message}`);
  }
}

function refuseToken(problem: string): never {
  throw newBadRequest(`invalid continue token: continue key is not valid${problem}`);
}
