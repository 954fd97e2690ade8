import { isIP } from "node:net";
import type { WebhookClientConfig } from "@coracle/api";
import type { Address, ServiceTarget } from "../aggregator/service-resolver.ts";

/** Where a webhook is called. */
export interface Destination {
  /** What certificates must be for, and the Host header: `name.namespace.svc:443`. */
  readonly host: string;
  readonly serverName: string;
  readonly path: string;
  /** To be resolved at each call; an address for URLs. */
  readonly at: ServiceTarget | Address;
}

/** @throws {Error} when the configuration names neither a service nor a URL that can be read. */
export function destinationOf({ url, service }: WebhookClientConfig): Destination {
  if (service !== undefined) {
    const { namespace, name, path = "", port = 443 } = service;
    const serverName = `${name}.${namespace}.svc`;
    return { host: `${serverName}:${port}`, serverName, path: joined(path), at: { namespace, name, port } };
  }
  if (url === undefined || url === "") throw new Error("webhook configuration must have either service or URL");
  const parsed = parse(url);
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = parsed.port === "" ? 443 : Number(parsed.port);
  // Messages show the port as it was written, which the parser drops when it is the usual one.
  const shown = /^[^:]+:\/\/([^/?#]+)/.exec(url)?.[1] ?? parsed.host;
  return { host: shown, serverName: isIP(host) === 0 ? host : "", path: joined(parsed.pathname), at: { host, port } };
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch (error) {
    throw new Error(`Unparsable URL: ${(error as Error).message}`, { cause: error });
  }
}

/** As client-go puts paths together: from the root, without empty segments or a slash at the end. */
function joined(path: string): string {
  return `/${path
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .join("/")}`;
}
