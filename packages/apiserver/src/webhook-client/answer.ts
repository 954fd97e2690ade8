import type { IncomingMessage } from "node:http";
import {
  decodeJson,
  errorFromStatus,
  isPlainObject,
  JsonSyntaxError,
  newGenericServerResponse,
  type Status,
  type StatusError,
} from "@coracle/apimachinery";

/** What is shown of an answer that says nothing in our terms; client-go's limit. */
const textLimit = 2048;

/** The JSON of a good answer. @throws {StatusError} for an HTTP error, {Error} for an answer that cannot be read. */
export async function readAnswer(response: IncomingMessage, limitBytes: number, signal: AbortSignal): Promise<unknown> {
  const data = await collect(response, limitBytes, signal);
  const { statusCode = 500 } = response;
  if (statusCode < 200 || statusCode > 206) throw refusal(response, statusCode, data);
  if (data.length === 0) {
    const type = response.headers["content-type"] ?? "";
    throw new Error(`0-length response with status code: ${statusCode} and content type: ${type}`);
  }
  try {
    return decodeJson(data).value;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new Error(`couldn't get version/kind; json parse error: ${error.message}`, { cause: error });
  }
}

async function collect(response: IncomingMessage, limitBytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limitBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    const cause = signal.aborted ? (signal.reason as Error) : (error as Error);
    throw new Error(`unexpected error when reading response body. Please retry. Original error: ${cause.message}`, { cause: error });
  }
  if (length > limitBytes) {
    response.destroy();
    throw new Error(`the response is larger than ${limitBytes} bytes`);
  }
  return Buffer.concat(chunks);
}

function refusal(response: IncomingMessage, code: number, data: Buffer): StatusError {
  const status = statusIn(data);
  if (status !== undefined) return errorFromStatus({ ...status, code: status.code ?? code });
  const type = response.headers["content-type"] ?? "";
  const isText = type === "" || type.startsWith("text/");
  return newGenericServerResponse({
    code,
    method: "POST",
    serverMessage: isText ? data.subarray(0, textLimit).toString().trim() : "unknown",
  });
}

function statusIn(data: Buffer): Status | undefined {
  try {
    const { value } = decodeJson(data);
    const isStatus = isPlainObject(value) && value["kind"] === "Status" && value["status"] !== "Success";
    return isStatus ? (value as unknown as Status) : undefined;
  } catch {
    return undefined;
  }
}
