import type { PeerCertificate, TLSSocket } from "node:tls";

const cache = new WeakMap<TLSSocket, PeerCertificate | null>();

/** The peer's certificate if our client CA signed it. Asked once for each connection: decoding costs more than a request. */
export function trustedCertificate(socket: TLSSocket): PeerCertificate | undefined {
  // HTTP/2 lends a proxy for the socket, a new one with each session: good enough as a key.
  const known = cache.get(socket);
  if (known !== undefined) return known ?? undefined;
  const certificate = socket.authorized ? socket.getPeerCertificate(true) : undefined;
  const present = certificate?.subject === undefined ? undefined : certificate;
  cache.set(socket, present ?? null);
  return present;
}
