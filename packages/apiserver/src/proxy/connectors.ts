import type { IncomingMessage } from "node:http";
import { newBadRequest, newGenericServerResponse, newInternalError } from "@coracle/apimachinery";
import type { Connector } from "../http/api-handler.ts";
import { collectBody, type HttpExchange } from "../http/exchange.ts";
import type { RequestInfo } from "../http/request-info.ts";
import { ask, forward, pass } from "./forward.ts";
import { Locator, type LocatorOptions, type Target } from "./locator.ts";

export type { KubeletClientTls } from "./locator.ts";

export type ProxyOptions = LocatorOptions;

/** More of a kubelet's complaint is not shown. */
const errorLimitBytes = 50_000;

/** The subresources that are answered elsewhere, over plain HTTP. Exec, attach and port-forward need an upgrade. */
export function createConnectors(options: ProxyOptions): Map<string, Connector> {
  const locator = new Locator(options);
  const log: Connector = async (exchange, info, context) => {
    const target = await locator.locate(context, info);
    if (target === undefined) exchange.respond(200, { "content-type": "text/plain" });
    else await sendLog(exchange, info, target);
  };
  const proxy: Connector = async (exchange, info, context) => {
    const target = await locator.locate(context, info);
    if (target === undefined) return;
    if (isRootWithoutSlash(exchange, info)) redirectToFolder(exchange);
    else await forward(exchange, info, target);
  };
  const needsUpgrade: Connector = async (_exchange, info, context) => {
    // What is wrong with the request otherwise is said first.
    await locator.locate(context, info);
    throw newBadRequest("Upgrade request required");
  };
  return new Map([
    ["/pods/log", log],
    ["/pods/exec", needsUpgrade],
    ["/pods/attach", needsUpgrade],
    ["/pods/portforward", needsUpgrade],
    ["/pods/proxy", proxy],
    ["/services/proxy", proxy],
    ["/nodes/proxy", proxy],
  ]);
}

/** Links of a page at the root would lead beside it. */
function isRootWithoutSlash({ method }: HttpExchange, { trailingPath, path }: RequestInfo): boolean {
  return trailingPath === "" && !path.endsWith("/") && (method === "GET" || method === "HEAD");
}

function redirectToFolder(exchange: HttpExchange): void {
  const [path = "", query] = exchange.url.split("?", 2);
  exchange.respond(301, { location: `${path}/${query === undefined ? "" : `?${query}`}` });
}

async function sendLog(exchange: HttpExchange, info: RequestInfo, target: Target): Promise<void> {
  const response = await ask(exchange, target, "GET", {});
  const { statusCode = 500 } = response;
  if (statusCode < 200 || statusCode > 206) throw await refusalOf(response, info);
  pass(exchange, response, 200, { "content-type": "text/plain", "cache-control": "no-cache, private" });
}

/** A kubelet's complaint, as upstream passes it on. */
async function refusalOf(response: IncomingMessage, { name, resource, group }: RequestInfo): Promise<Error> {
  const { statusCode: code = 500 } = response;
  const body = await collectBody(response, errorLimitBytes, () => new Error("too long")).catch(() => Buffer.alloc(0));
  const text = body.toString();
  if (code === 500) return newInternalError(new Error(text));
  if (code === 400) return newBadRequest(text);
  return newGenericServerResponse({ code, method: "GET", group, resource, name, serverMessage: text });
}
