import { gzip } from "node:zlib";
import { decodeJson, encodeYaml, StatusError, statusOf, type Status } from "@coracle/apimachinery";
import type { HttpExchange, ResponseHeaders } from "./exchange.ts";
import type { Negotiated } from "./negotiate.ts";

/** Shorter answers are not worth compressing; upstream's figure. */
const gzipThresholdBytes = 128 * 1024;

export interface AnswerForm {
  readonly format: Negotiated["format"];
  readonly isPretty: boolean;
}

export const jsonForm: AnswerForm = { format: "json", isPretty: false };

/** Sends JSON bytes in the asked-for form, compressed when they are long and the client can read that. */
export async function sendBytes(exchange: HttpExchange, status: number, bytes: Uint8Array, form: AnswerForm): Promise<void> {
  const headers: ResponseHeaders = { "content-type": form.format === "json" ? "application/json" : "application/yaml" };
  headers["cache-control"] = "no-cache, private";
  let body = bytes;
  if (form.format === "yaml") body = Buffer.from(await encodeYaml(decodeJson(bytes).value));
  else if (form.isPretty) body = Buffer.from(`${JSON.stringify(decodeJson(bytes).value, undefined, 2)}\n`);
  if (body.length >= gzipThresholdBytes && acceptsGzip(exchange)) {
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

export function sendText(exchange: HttpExchange, status: number, text: string): void {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  exchange.respond(status, headers, text);
}

/** The answer to a path that nothing serves. */
export function sendPathNotFound(exchange: HttpExchange): void {
  sendText(exchange, 404, "404 page not found\n");
}

/** Sends the Status of an error; nothing when an answer has begun, then the exchange is cut off. */
export async function sendError(exchange: HttpExchange, error: unknown, form: AnswerForm = jsonForm): Promise<void> {
  if (exchange.isStarted) {
    exchange.destroy();
    return;
  }
  await sendStatus(exchange, statusOf(error), form);
}

export function sendStatus(exchange: HttpExchange, status: Status, form: AnswerForm = jsonForm): Promise<void> {
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined && seconds > 0) exchange.addHeader("retry-after", String(seconds));
  return sendValue(exchange, status.code ?? (status.status === "Success" ? 200 : 500), status, form);
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
