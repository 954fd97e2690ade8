import { forbiddenField, newBadRequest, newInvalid, unsupportedField, type FieldError } from "@coracle/apimachinery";
import type { ListQuery, WatchQuery } from "../registry/contract.ts";

/** The revision that a resourceVersion parameter names; undefined when it is empty. @throws {StatusError} */
export function parseResourceVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,16}$/.test(text)) {
    const detail = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw newInvalid({ group: "", kind: "ListOptions" }, "", [
      { type: "FieldValueInvalid", field: "resourceVersion", badValue: text, detail },
    ]);
  }
  return Number(text);
}

const matchMessage = "resourceVersionMatch is forbidden unless resourceVersion is provided";

/** Refuses combinations of list parameters that mean nothing. @throws {StatusError} 422. */
export function checkListQuery(query: ListQuery): void {
  const { resourceVersionMatch: match = "", resourceVersion = "", continue: token = "" } = query;
  if (match === "") return;
  const field = "resourceVersionMatch";
  const errors: FieldError[] = [];
  if (resourceVersion === "") errors.push(forbiddenField(field, matchMessage));
  if (token !== "") errors.push(forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided"));
  if (match !== "Exact" && match !== "NotOlderThan") errors.push(unsupportedField(field, match, ["Exact", "NotOlderThan", ""]));
  if (match === "Exact" && resourceVersion === "0") {
    errors.push(forbiddenField(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
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
  let value: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    value = JSON.parse(Buffer.from(text, "base64url").toString()) as typeof value;
  } catch {
    throw newBadRequest("continue key is not valid: illegal base64 data or JSON");
  }
  const { v, rv, start } = value ?? {};
  if (v !== "meta.k8s.io/v1") throw newBadRequest("continue key is not valid: server does not recognize this encoded version");
  if (typeof rv !== "number" || rv === 0 || !Number.isInteger(rv)) {
    throw newBadRequest("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  if (typeof start !== "string" || start === "" || start.split("/").includes("..")) {
    throw newBadRequest("continue key is not valid: encoded start key empty or wrong (version meta.k8s.io/v1)");
  }
  return { revision: rv, start };
}
