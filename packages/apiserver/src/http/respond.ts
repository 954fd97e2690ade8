import { gzip } from "node:zlib";
import { decodeJson, encodeYaml, StatusError, statusOf, type Status } from "@coracle/apimachinery";
import type { HttpExchange, ResponseHeaders } from "./exchange.ts";
import { negotiateError, protobufType, type Format, type Negotiated } from "./negotiate.ts";
import { loadProtobuf } from "./protobuf/load.ts";

/** Answers up to here are not worth compressing; upstream's figure. */
const gzipThresholdBytes = 128 * 1024;

/** The form of a text answer. */
export interface AnswerForm {
  readonly format: Exclude<Format, "protobuf">;
  readonly isPretty: boolean;
}

const jsonForm: AnswerForm = { format: "json", isPretty: false };

/** Sends JSON bytes in the asked-for form, compressed when they are long and the client can read that. */
export async function sendBytes(exchange: HttpExchange, status: number, bytes: Uint8Array, form: AnswerForm): Promise<void> {
  if (form.format === "yaml") {
    await sendBody(exchange, status, "application/yaml", Buffer.from(await encodeYaml(decodeJson(bytes).value)));
  } else if (form.isPretty) {
    await sendBody(exchange, status, "application/json", Buffer.from(JSON.stringify(decodeJson(bytes).value, undefined, 2)));
  } else await sendBody(exchange, status, "application/json", withLineEnd(bytes));
}

/** JSON without line breaks ends with one, so that a shell's prompt is not behind it. */
function withLineEnd(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, lineEnd]);
}

const lineEnd = Buffer.from("\n");

/** The same for bytes in protobuf. */
export function sendProtobuf(exchange: HttpExchange, status: number, bytes: Uint8Array): Promise<void> {
  return sendBody(exchange, status, protobufType, bytes);
}

async function sendBody(exchange: HttpExchange, status: number, contentType: string, bytes: Uint8Array): Promise<void> {
  const headers: ResponseHeaders = { "content-type": contentType, "cache-control": "no-cache, private" };
  let body = bytes;
  if (body.length > gzipThresholdBytes && acceptsGzip(exchange)) {
    body = await compress(body);
    headers["content-encoding"] = "gzip";
    headers["vary"] = "Accept-Encoding";
  }
  exchange.respond(status, headers, body);
}

/** Sends a small value as JSON. */
export function sendValue(exchange: HttpExchange, status: number, value: unknown, form: AnswerForm = jsonForm): Promise<void> {
  return sendBytes(exchange, status, Buffer.from(JSON.stringify(value)), form);
}

export function sendText(exchange: HttpExchange, status: number, text: string, contentType = "text/plain; charset=utf-8"): void {
  const headers = { "content-type": contentType, "x-content-type-options": "nosniff" };
  exchange.respond(status, headers, text);
}

/** The answer to a path that nothing serves. */
export function sendPathNotFound(exchange: HttpExchange): void {
  sendText(exchange, 404, "404 page not found\n");
}

/** Sends the Status of an error in a form that the client reads; when an answer has begun, the exchange is cut off. */
export async function sendError(exchange: HttpExchange, error: unknown): Promise<void> {
  if (exchange.isStarted) {
    exchange.destroy();
    return;
  }
  const status = statusOf(error);
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined && seconds > 0) exchange.addHeader("retry-after", String(seconds));
  await sendStatus(exchange, status, negotiateError(exchange.headers.accept));
}

/** Sends a Status that is itself the answer; `httpCode` counts when the Status does not say it. */
export async function sendStatus(exchange: HttpExchange, status: Status, negotiated: Negotiated, httpCode = 500): Promise<void> {
  const code = status.code ?? httpCode;
  if (negotiated.format === "protobuf") return sendProtobuf(exchange, code, (await loadProtobuf()).encodeObject(status));
  await sendValue(exchange, code, status, { format: negotiated.format, isPretty: isPretty(exchange, negotiated) });
}

const trueTexts = new Set(["1", "t", "T", "true", "TRUE", "True"]);

/** Whether the answer shall have line breaks; people who look with a browser or curl get them without asking. */
export function isPretty(exchange: HttpExchange, negotiated: Negotiated): boolean {
  const question = exchange.url.indexOf("?");
  const asked = question < 0 ? "" : new URLSearchParams(exchange.url.slice(question + 1)).get("pretty");
  if (asked !== null && asked !== "") return negotiated.isPretty || trueTexts.has(asked);
  return negotiated.isPretty || /^(curl|Wget|Mozilla\/5\.0)/.test(exchange.headers["user-agent"] ?? "");
}

/** Whether an error is of the server's own making. */
export function isServerFault(error: unknown): boolean {
  return !(error instanceof StatusError) || error.code === 500;
}

function acceptsGzip(exchange: HttpExchange): boolean {
  const header = exchange.headers["accept-encoding"];
  return typeof header === "string" && /\bgzip\b/.test(header) && !/\bgzip;\s*q=0(\.0*)?\b/.test(header);
}

function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gzip(bytes, { level: 1 }, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
