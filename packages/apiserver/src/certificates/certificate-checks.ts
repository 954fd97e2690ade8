import { X509Certificate } from "node:crypto";
import type { CertificateChecks } from "@coracle/api";
import { parseCertificateSigningRequest } from "@coracle/certificates";

const block = /-----BEGIN ([^-]*)-----([\s\S]*?)-----END \1-----/g;
/** Room for a chain; more is no certificate. */
const longestPem = 1024 * 1024;

/** Judges requests and certificates with the words of kube-apiserver. */
export const certificateChecks: CertificateChecks = {
  request(request) {
    const pem = Buffer.from(request, "base64").toString("latin1");
    if (pem.length > longestPem || !pem.includes("-----BEGIN CERTIFICATE REQUEST-----"))
      return "PEM block type must be CERTIFICATE REQUEST";
    return flawOf(() => parseCertificateSigningRequest(pem));
  },
  certificate(certificate) {
    const pem = Buffer.from(certificate, "base64").toString("latin1");
    const blocks = pem.length > longestPem ? [] : [...pem.matchAll(block)];
    if (blocks.length === 0) return "must contain at least one CERTIFICATE PEM block";
    for (const [text, type = "", body = ""] of blocks) {
      if (type !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
      if (body.includes(":")) return "no PEM block headers are permitted";
      // What exactly is wrong, upstream says in the words of its own parser.
      if (flawOf(() => new X509Certificate(text)) !== undefined) return "x509: malformed certificate";
    }
    return undefined;
  },
};

function flawOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
