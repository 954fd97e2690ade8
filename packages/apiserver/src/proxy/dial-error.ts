import { isIPv6 } from "node:net";

const connectReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  EADDRNOTAVAIL: "connect: cannot assign requested address",
  ETIMEDOUT: "i/o timeout",
};

const unknownAuthority = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
]);

/** `10.0.0.1:443`, `[::1]:443`. */
export function hostAndPort({ host, port }: { host: string; port: number }): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Why a connection failed, in the words of clients written in Go: people search for them, and conditions and events repeat them. */
export function dialErrorText(error: unknown, target: { host: string; port: number }): string {
  const { code = "", message = "" } = error as NodeJS.ErrnoException;
  // Happy eyeballs: what the tries had in common tells more than that there were several.
  if (error instanceof AggregateError && error.errors.length > 0) return dialErrorText(error.errors.at(-1), target);
  if (connectReasons[code] !== undefined) return `dial tcp ${hostAndPort(target)}: ${connectReasons[code]}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${target.host}: no such host`;
  if (code === "ECONNRESET") return message === "socket hang up" ? "EOF" : "read: connection reset by peer";
  if (unknownAuthority.has(code)) return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return altNameText(error as { reason?: string; host?: string; cert?: { subjectaltname?: string } });
  return message;
}

function altNameText({ host = "", cert }: { host?: string; cert?: { subjectaltname?: string } }): string {
  const names = (cert?.subjectaltname ?? "").split(", ").flatMap((entry) => /^(?:DNS|IP Address):(.*)$/.exec(entry)?.[1] ?? []);
  const problem =
    names.length === 0
      ? `certificate is not valid for any names, but wanted to match ${host}`
      : `certificate is valid for ${names.join(", ")}, not ${host}`;
  return `tls: failed to verify certificate: x509: ${problem}`;
}
