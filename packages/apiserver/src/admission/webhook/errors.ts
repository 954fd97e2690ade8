import { isPlainObject, newInternalError, quoteText, StatusError, type Status, type StatusReason } from "@coracle/apimachinery";

/** The webhook could not be asked, or did not answer as it should: its failure policy says what that means. */
export class WebhookCallError extends Error {
  override readonly name = "WebhookCallError";

  constructor(webhook: string, reason: string, options?: ErrorOptions) {
    super(`failed calling webhook ${quoteText(webhook)}: ${reason}`, options);
  }
}

/** 500 `Internal error occurred: failed calling webhook …`. */
export function callFailed(error: WebhookCallError): StatusError {
  return newInternalError(error);
}

/** What a client gets to read when a webhook says no; `result` is the webhook's own Status, if it gave one. At least 400. */
export function denied(webhook: string, result: unknown): StatusError {
  const given = isPlainObject(result) ? result : {};
  const text = (field: string): string => (typeof given[field] === "string" ? given[field] : "");
  const subject = `admission webhook ${quoteText(webhook)} denied the request`;
  const explanation = text("message") || text("reason");
  const code = refusalCode(given["code"]);
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: explanation === "" ? `${subject} without explanation` : `${subject}: ${explanation}`,
  };
  if (text("reason") !== "") status.reason = text("reason") as StatusReason;
  if (isPlainObject(given["details"])) status.details = given["details"] as NonNullable<Status["details"]>;
  status.code = code;
  return new StatusError(status);
}

/** An HTTP status code that is an error: 400 for one that is not, 500 for what is no status code. */
function refusalCode(given: unknown): number {
  if (typeof given !== "number" || given < 400) return 400;
  return Number.isInteger(given) && given <= 999 ? given : 500;
}
