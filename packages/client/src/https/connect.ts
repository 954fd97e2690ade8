import type { TLSSocket } from "node:tls";
import { ConnectionError, toConnectionError, type ConnectOptions, type HttpConnection } from "./connection.ts";

/**
 * Opens a way to the server: HTTP/2 where TLS negotiates it, HTTP/1.1 otherwise and for plain `http:`. The modules are loaded here, because
 * most processes talk to their API server directly and never need them.
 */
export async function connect(options: ConnectOptions): Promise<HttpConnection> {
  if (options.server.protocol === "http:") {
    const { createHttp1Connection } = await import("./http1.ts");
    return createHttp1Connection(options);
  }
  const socket = await openTls(options);
  if (socket.alpnProtocol === "h2") {
    const { createHttp2Connection } = await import("./http2.ts");
    return createHttp2Connection(socket, options);
  }
  const { createHttp1Connection } = await import("./http1.ts");
  return createHttp1Connection(options, socket);
}

async function openTls({ server, tls, clock, connectTimeoutMs }: ConnectOptions): Promise<TLSSocket> {
  const { connect: connectTls } = await import("node:tls");
  const { isIP } = await import("node:net");
  const host = hostOf(server);
  const servername = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port: Number(server.port === "" ? 443 : server.port),
      ALPNProtocols: ["h2", "http/1.1"],
      ...certificatesOf(tls),
      ...(servername === undefined ? {} : { servername }),
    });
    const timer = clock.setTimeout(() => {
      socket.destroy(new ConnectionError(`dial tcp ${server.host}: i/o timeout`, { progress: "unconnected" }));
    }, connectTimeoutMs);
    const onError = (error: Error): void => {
      timer[Symbol.dispose]();
      reject(toConnectionError(error, "unconnected"));
    };
    socket.once("error", onError);
    socket.once("secureConnect", () => {
      timer[Symbol.dispose]();
      socket.removeListener("error", onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The host without the brackets of an IPv6 address. */
export function hostOf(server: URL): string {
  return server.hostname.replace(/^\[(.*)\]$/, "$1");
}

export function certificatesOf(tls: ConnectOptions["tls"]): { ca?: string; cert?: string; key?: string; rejectUnauthorized: boolean } {
  return {
    rejectUnauthorized: tls.insecureSkipVerify !== true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}
