/**
 * `@coracle/certificates`: X.509 certificates (RFC 5280) and signing requests (RFC 2986) on `node:crypto`, which signs and verifies but
 * cannot write either. Keys are ECDSA on P-256. It does not decide who gets a certificate.
 *
 * The tour: `der.ts` encodes and decodes, `name.ts` holds subjects, `certificate.ts` authorities and what they issue, `request.ts` what
 * others ask them for.
 *
 * ```ts
 * const authority = createCertificateAuthority({ commonName: "kubernetes", notBeforeMs, notAfterMs });
 * const { certificatePem, privateKeyPem } = issueCertificate(authority, { commonName: "admin", organizations: ["system:masters"], usages: ["client"], notBeforeMs, notAfterMs });
 * ```
 */
export {
  createCertificateAuthority,
  dayMs,
  generateKeyPair,
  issueCertificate,
  loadCertificateAuthority,
  privateKeyToPem,
  readCertificate,
  type CertificateAuthority,
  type CertificateDetails,
  type IssuedCertificate,
  type IssueOptions,
  type KeyPair,
} from "./certificate.ts";
export { DerError } from "./der.ts";
export type { Subject } from "./name.ts";
export { createCertificateSigningRequest, parseCertificateSigningRequest, type SigningRequest } from "./request.ts";
