import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { KubeletClientTls } from "./locator.ts";

/** Nodes whose pods have no network say so by this annotation: `kubelet` means that their kubelet connects to them. */
export const podNetworkAnnotation = "simulated.coracle.dev/pod-network";
const tunnelProtocol = "tcp.coracle.dev";

/** A kubelet, and what to ask it for: `/connect/<namespace>/<pod>?port=80`. */
export interface Tunnel {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The node, for kubelets that share a server. */
  readonly authority: string;
  readonly tls: KubeletClientTls;
}

/** Opens a connection to a port of a pod through the kubelet of its node. Rejects when there is none. */
export function openTunnel({ host, port, path, authority, tls }: Tunnel): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = { connection: "Upgrade", upgrade: tunnelProtocol, host: authority };
    const { ca, cert, key } = tls;
    const asked = requestHttps({ host, port, path, headers, ca, cert, key, servername: isIP(host) === 0 ? host : "", agent: false });
    asked.once("upgrade", (_answer, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once("response", (answer) => {
      answer.destroy();
      reject(new Error(`the kubelet of ${authority} answers ${answer.statusCode}`));
    });
    asked.once("error", reject);
    asked.end();
  });
}

type OnConnection = (error: Error | null, socket: Duplex) => void;

/** For `createConnection` of node's HTTP clients. */
export function tunnelConnection(tunnel: Tunnel, isSecure: boolean): (options: unknown, onConnection: OnConnection) => undefined {
  return (_options, onConnection) => {
    openTunnel(tunnel).then(
      (socket) => onConnection(null, isSecure ? connectTls({ socket, rejectUnauthorized: false }) : socket),
      (error: Error) => onConnection(error, undefined as unknown as Duplex),
    );
    return undefined;
  };
}
