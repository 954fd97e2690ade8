import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from "node:crypto";
import { isIPv4 } from "node:net";
import {
  bitString,
  boolean,
  childrenOf,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  readElements,
  sequence,
  tag,
  time,
  toPem,
} from "./der.ts";
import { decodeSubject, encodeSubject, type Subject } from "./name.ts";

/** A private key with its public half, ECDSA on P-256. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface CertificateAuthority {
  readonly subject: Subject;
  readonly certificatePem: string;
  readonly privateKey: KeyObject;
  readonly privateKeyPem: string;
}

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** Absent when the certificate is for somebody else's public key. */
  readonly privateKeyPem?: string;
}

export interface IssueOptions extends Subject {
  readonly usages: readonly ("server" | "client")[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Of whom the certificate is; by default a new key pair is made. */
  readonly publicKey?: KeyObject;
}

/** Milliseconds in a day, for validities. */
export const dayMs = 24 * 60 * 60 * 1000;

export function generateKeyPair(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** PKCS #8. */
export function privateKeyToPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

/** A new self-signed authority. Times are milliseconds since the epoch. */
export function createCertificateAuthority(options: { commonName: string; notBeforeMs: number; notAfterMs: number }): CertificateAuthority {
  const keys = generateKeyPair();
  const subject = { commonName: options.commonName };
  const keyId = keyIdentifier(keys.publicKey);
  const certificatePem = signCertificate({
    issuer: subject,
    signer: keys.privateKey,
    subject,
    publicKey: keys.publicKey,
    notBeforeMs: options.notBeforeMs,
    notAfterMs: options.notAfterMs,
    extensions: [
      extension("2.5.29.19", sequence(boolean(true)), true),
      // digitalSignature, keyCertSign, cRLSign
      extension("2.5.29.15", bitString(Buffer.of(0b1000_0110), 1), true),
      extension("2.5.29.14", octetString(keyId)),
    ],
  });
  return { subject, certificatePem, privateKey: keys.privateKey, privateKeyPem: privateKeyToPem(keys.privateKey) };
}

/** An authority from its PEM files. @throws when they do not belong together. */
export function loadCertificateAuthority(certificatePem: string, privateKeyPem: string): CertificateAuthority {
  const privateKey = createPrivateKey(privateKeyPem);
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.checkPrivateKey(privateKey)) throw new Error("the authority's certificate and key do not belong together");
  return { subject: readCertificate(certificatePem).subject, certificatePem, privateKey, privateKeyPem };
}

/** A certificate of `authority`. */
export function issueCertificate(authority: CertificateAuthority, options: IssueOptions): IssuedCertificate {
  const keys = options.publicKey === undefined ? generateKeyPair() : undefined;
  const publicKey = options.publicKey ?? (keys as KeyPair).publicKey;
  const names = [
    ...(options.dnsNames ?? []).map((name) => implicit(2, Buffer.from(name, "latin1"))),
    ...(options.ipAddresses ?? []).map((address) => implicit(7, addressBytes(address))),
  ];
  const purposes = options.usages.map((usage) => objectIdentifier(usage === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2"));
  const certificatePem = signCertificate({
    issuer: authority.subject,
    signer: authority.privateKey,
    subject: options,
    publicKey,
    notBeforeMs: options.notBeforeMs,
    notAfterMs: options.notAfterMs,
    extensions: [
      extension("2.5.29.19", sequence(), true),
      // digitalSignature
      extension("2.5.29.15", bitString(Buffer.of(0b1000_0000), 7), true),
      extension("2.5.29.37", sequence(...purposes)),
      extension("2.5.29.14", octetString(keyIdentifier(publicKey))),
      extension("2.5.29.35", sequence(implicit(0, keyIdentifier(createPublicKey(authority.privateKey))))),
      ...(names.length === 0 ? [] : [extension("2.5.29.17", sequence(...names))]),
    ],
  });
  return keys === undefined ? { certificatePem } : { certificatePem, privateKeyPem: privateKeyToPem(keys.privateKey) };
}

interface ToBeSigned {
  readonly issuer: Subject;
  readonly signer: KeyObject;
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: readonly Buffer[];
}

const ecdsaWithSha256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

function signCertificate(certificate: ToBeSigned): string {
  // Positive, and of 16 random bytes: RFC 5280 asks for at most 20.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serial),
    ecdsaWithSha256,
    encodeSubject(certificate.issuer),
    sequence(time(certificate.notBeforeMs), time(certificate.notAfterMs)),
    encodeSubject(certificate.subject),
    certificate.publicKey.export({ type: "spki", format: "der" }) as Buffer,
    explicit(3, sequence(...certificate.extensions)),
  );
  return toPem("CERTIFICATE", sequence(body, ecdsaWithSha256, bitString(sign("sha256", body, certificate.signer))));
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(objectIdentifier(id), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

/** SHA-1 of the public key's bits (RFC 5280, 4.2.1.2). */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: "spki", format: "der" }) as Buffer;
  const [, bits] = childrenOf(readElements(spki)[0], tag.sequence);
  return createHash("sha1")
    .update(bits?.content.subarray(1) ?? spki)
    .digest();
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string): number[] => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const left = groups(head);
  const right = groups(tail ?? "");
  const all = tail === undefined ? left : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
  const bytes = Buffer.alloc(16);
  all.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}

export interface CertificateDetails {
  readonly subject: Required<Subject>;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** What a certificate (PEM or DER) says. @throws when it is none. */
export function readCertificate(certificate: string | Buffer): CertificateDetails {
  const parsed = new X509Certificate(certificate);
  const [body] = childrenOf(readElements(parsed.raw)[0], tag.sequence);
  // version [0], serial, algorithm, issuer, validity, subject
  const fields = childrenOf(body, tag.sequence);
  const names = (parsed.subjectAltName ?? "").split(", ").filter((entry) => entry !== "");
  const named = (prefix: string): string[] => names.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  return {
    subject: decodeSubject(fields[fields[0]?.tag === 0xa0 ? 5 : 4]),
    notBeforeMs: Date.parse(parsed.validFrom),
    notAfterMs: Date.parse(parsed.validTo),
    dnsNames: named("DNS:"),
    ipAddresses: named("IP Address:"),
  };
}
