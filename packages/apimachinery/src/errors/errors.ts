import type { FieldError } from "../validation/field-error.ts";
import { fieldErrorBody, formatFieldError, quoteText } from "../validation/field-errors.ts";
import { StatusError, type Status, type StatusCause, type StatusDetails, type StatusReason } from "./status-error.ts";

/** Names what an error is about. `resource` is the plural; for {@link newInvalid} it is a kind. */
export interface QualifiedName {
  readonly group: string;
  readonly resource: string;
}

/** What the optimistic lock says when it fails. */
export const optimisticLockMessage = "the object has been modified; please apply your changes to the latest version and try again";

function qualified(group: string, name: string): string {
  return group === "" ? name : `${name}.${group}`;
}

function about(resource: QualifiedName, name: string): StatusDetails {
  return { ...(name !== "" && { name }), ...(resource.group !== "" && { group: resource.group }), kind: resource.resource };
}

function failure(code: number, reason: StatusReason, message: string, details?: StatusDetails): StatusError {
  const status: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message };
  if (reason !== "") status.reason = reason;
  if (details !== undefined) status.details = details;
  status.code = code;
  return new StatusError(status);
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** 404 `pods "x" not found`. */
export function newNotFound(resource: QualifiedName, name: string): StatusError {
  const message = `${qualified(resource.group, resource.resource)} ${quoteText(name)} not found`;
  return failure(404, "NotFound", message, about(resource, name));
}

/** 404 for a path that nothing serves. */
export function newPathNotFound(): StatusError {
  return failure(404, "NotFound", "the server could not find the requested resource", {});
}

/** 409 `pods "x" already exists`. */
export function newAlreadyExists(resource: QualifiedName, name: string): StatusError {
  const message = `${qualified(resource.group, resource.resource)} ${quoteText(name)} already exists`;
  return failure(409, "AlreadyExists", message, about(resource, name));
}

/** 409 when no free name was found for a `generateName`. */
export function newGenerateNameConflict(resource: QualifiedName, name: string, retryAfterSeconds = 1): StatusError {
  const subject = `${qualified(resource.group, resource.resource)} ${quoteText(name)}`;
  const message = `${subject} already exists, the server was not able to generate a unique name for the object`;
  return failure(409, "AlreadyExists", message, { ...about(resource, name), retryAfterSeconds });
}

/** 409 `Operation cannot be fulfilled on pods "x": …`; without `cause`, the optimistic lock failed. */
export function newConflict(resource: QualifiedName, name: string, cause: unknown = optimisticLockMessage): StatusError {
  const subject = `${qualified(resource.group, resource.resource)} ${quoteText(name)}`;
  return failure(409, "Conflict", `Operation cannot be fulfilled on ${subject}: ${textOf(cause)}`, about(resource, name));
}

/** 409 of server-side apply, with one cause for each field that somebody else owns. */
export function newApplyConflict(causes: readonly StatusCause[], message: string): StatusError {
  return failure(409, "Conflict", message, { causes: [...causes] });
}

/** 422 `Pod "x" is invalid: [a, b]`, each finding as a cause. */
export function newInvalid(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): StatusError {
  const texts = [...new Set(errors.map((error) => formatFieldError(error)))];
  const list = texts.length === 0 ? "" : `: ${texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`}`;
  const causes = errors.map((error) => ({ reason: error.type, message: fieldErrorBody(error), field: error.field }));
  const details: StatusDetails = kind.kind === "" ? {} : about({ group: kind.group, resource: kind.kind }, name);
  if (causes.length > 0) details.causes = causes;
  return failure(422, "Invalid", `${qualified(kind.group, kind.kind)} ${quoteText(name)} is invalid${list}`, details);
}

/** 403 `pods "x" is forbidden: …`. An empty resource is a path that is no resource. */
export function newForbidden(resource: QualifiedName, name: string, cause: unknown): StatusError {
  const subject = qualified(resource.group, resource.resource);
  let message = `forbidden: ${textOf(cause)}`;
  if (resource.resource !== "") message = `${subject}${name === "" ? "" : ` ${quoteText(name)}`} is ${message}`;
  return failure(403, "Forbidden", message, resource.resource === "" && name === "" ? {} : about(resource, name));
}

/** 401. */
export function newUnauthorized(message = "not authorized"): StatusError {
  return failure(401, "Unauthorized", message);
}

/** 400; the message is sent as it is. */
export function newBadRequest(message: string): StatusError {
  return failure(400, "BadRequest", message);
}

/** 405 `patch is not supported on resources of kind "pods"`. */
export function newMethodNotAllowed(resource: QualifiedName, action: string): StatusError {
  const subject = quoteText(qualified(resource.group, resource.resource));
  return failure(405, "MethodNotAllowed", `${action} is not supported on resources of kind ${subject}`, about(resource, ""));
}

/** 406 with the media types that would do. */
export function newNotAcceptable(accepted: readonly string[]): StatusError {
  return failure(406, "NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);
}

/** 415 with the media types that would do. */
export function newUnsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return failure(415, "UnsupportedMediaType", message);
}

/** 410 for something that is gone for good. */
export function newGone(message: string): StatusError {
  return failure(410, "Gone", message);
}

/** 410 for a resource version or a continue token that is too old: the client has to list again. */
export function newResourceExpired(message: string): StatusError {
  return failure(410, "Expired", message);
}

/** 410 on a list whose continue token is too old; `continueToken` goes on from there with the newest state. */
export function newContinueExpired(message: string, continueToken: string): StatusError {
  const error = newResourceExpired(message);
  error.status.metadata = { continue: continueToken };
  return error;
}

/** 413. */
export function newRequestEntityTooLarge(message: string): StatusError {
  return failure(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);
}

/** 429; clients wait `retryAfterSeconds`. */
export function newTooManyRequests(message: string, retryAfterSeconds = 1): StatusError {
  return failure(429, "TooManyRequests", message, { ...(retryAfterSeconds > 0 && { retryAfterSeconds }) });
}

/** 500. The cause's text is shown. */
export function newInternalError(cause: unknown): StatusError {
  const text = textOf(cause);
  const error = failure(500, "InternalError", `Internal error occurred: ${text}`, { causes: [{ message: text }] });
  error.cause = cause;
  return error;
}

/** 500 for an operation that may be tried again. */
export function newServerTimeout(resource: QualifiedName, operation: string, retryAfterSeconds = 0): StatusError {
  const subject = qualified(resource.group, resource.resource);
  const message = `The ${operation} operation against ${subject} could not be completed at this time, please try again.`;
  return failure(500, "ServerTimeout", message, { ...about(resource, operation), ...(retryAfterSeconds > 0 && { retryAfterSeconds }) });
}

/** 503. */
export function newServiceUnavailable(message: string): StatusError {
  return failure(503, "ServiceUnavailable", message);
}

/** 504 `Timeout: …`. */
export function newTimeout(message: string, retryAfterSeconds = 0): StatusError {
  return failure(504, "Timeout", `Timeout: ${message}`, { ...(retryAfterSeconds > 0 && { retryAfterSeconds }) });
}

/** The Status of something done, such as a deletion. */
export function successStatus(details?: StatusDetails): Status {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", ...(details !== undefined && { details }) };
}

/** The error as a Status: a StatusError's own, an internal error for everything else. */
export function statusOf(error: unknown): Status {
  return error instanceof StatusError ? error.status : newInternalError(error).status;
}

/** Makes a StatusError of a Status that came over the wire. */
export function errorFromStatus(status: Status): StatusError {
  return new StatusError(status);
}
