import { isIPv4 } from "node:net";
import { newBadRequest } from "@coracle/apimachinery";

/** What the name in a proxied request says: `https:name:port`, `name:port`, `name`. */
export interface RequestName {
  readonly scheme: "http:" | "https:";
  readonly name: string;
  /** A number, or the name of one; empty for the default. */
  readonly port: string;
}

/** @throws {StatusError} 400; `kind` (`pod`, `service`, `node`) is for its message. */
export function parseRequestName(text: string, kind: string): RequestName {
  const parts = text.split(":");
  const [scheme = "", name = "", port = ""] = parts.length === 3 ? parts : ["", ...parts];
  if (parts.length > 3 || name === "" || !["", "http", "https"].includes(scheme))
    throw newBadRequest(`invalid ${kind} request ${JSON.stringify(text)}`);
  return { scheme: scheme === "https" ? "https:" : "http:", name, port };
}

/** Unspecified, loopback, link-local and multicast ones: no pod has them, and what answers there is not meant for users of the API. */
const closedIPv4 = /^(0\.|127\.|169\.254\.|22[4-9]\.|23\d\.|255\.255\.255\.255$)/;
const closedIPv6 = /^(::1?$|fe[89ab][\da-f]:|ff|::ffff:)/i;

/** @throws {StatusError} 400 for addresses that nobody is led to. */
export function checkProxyable(address: string): void {
  const isClosed = isIPv4(address) ? closedIPv4.test(address) : closedIPv6.test(address);
  if (address === "" || isClosed) throw newBadRequest("address not allowed");
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw newBadRequest(`invalid port ${JSON.stringify(text)}`);
  return port;
}
