import { quoteText } from "../validation/field-errors.ts";
import { StatusError, type Status, type StatusDetails, type StatusReason } from "./status-error.ts";

/** An answer whose body was no Status: a proxy's, a crashed server's. */
export interface GenericResponse {
  readonly code: number;
  /** HTTP method. */
  readonly method: string;
  readonly group?: string;
  readonly resource?: string;
  readonly name?: string;
  /** The body as text. */
  readonly serverMessage?: string;
  readonly retryAfterSeconds?: number;
}

const byCode: Readonly<Record<number, readonly [StatusReason, string]>> = {
  400: ["BadRequest", "the server rejected our request for an unknown reason"],
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  406: ["NotAcceptable", "the server was unable to respond with a content type that the client supports"],
  409: ["Conflict", "the server reported a conflict"],
  415: ["UnsupportedMediaType", "the server was unable to read a content type that the client sent"],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: ["Timeout", "the server was unable to return a response in the time allotted, but may still be processing the request"],
};

/** The error that a client raises for an answer without a Status; texts are client-go's. */
export function newGenericServerResponse(response: GenericResponse): StatusError {
  const { code, method, serverMessage = "" } = response;
  let [reason, message] = describe(code, serverMessage);
  if (code === 409 && method.toUpperCase() === "POST") reason = "AlreadyExists";
  const { group = "", resource = "", name = "" } = response;
  if (resource !== "") {
    const subject = group === "" ? resource : `${resource}.${group}`;
    message = `${message} (${method.toLowerCase()} ${subject}${name === "" ? "" : ` ${name}`})`;
  }
  const details: StatusDetails = {};
  if (name !== "") details.name = name;
  if (group !== "") details.group = group;
  if (resource !== "") details.kind = resource;
  if (serverMessage !== "") details.causes = [{ reason: "UnexpectedServerResponse", message: serverMessage }];
  if (response.retryAfterSeconds) details.retryAfterSeconds = response.retryAfterSeconds;
  const status: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, details, code };
  if (reason !== "") status.reason = reason;
  return new StatusError(status);
}

function describe(code: number, serverMessage: string): [StatusReason, string] {
  if (code === 403) return ["Forbidden", serverMessage === "" ? "forbidden" : serverMessage];
  const known = byCode[code];
  if (known !== undefined) {
    const ownWords = (code === 406 || code === 415) && serverMessage !== "" && serverMessage !== "unknown";
    return [known[0], ownWords ? serverMessage : known[1]];
  }
  if (code >= 500) {
    const cause = serverMessage === "" ? "unknown" : serverMessage;
    return ["InternalError", `an error on the server (${quoteText(cause)}) has prevented the request from succeeding`];
  }
  return ["", `the server responded with the status code ${code} but did not return more information`];
}
