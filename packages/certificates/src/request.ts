import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import {
  bitString,
  childrenOf,
  DerError,
  explicit,
  fromPem,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  readElements,
  readObjectIdentifier,
  sequence,
  setOf,
  tag,
  toPem,
  type Element,
} from "./der.ts";
import { decodeSubject, encodeSubject, type Subject } from "./name.ts";

/** A certificate signing request (PKCS #10) whose signature was checked. */
export interface SigningRequest {
  readonly subject: Required<Subject>;
  readonly publicKey: KeyObject;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

const subjectAltNameId = "2.5.29.17";
const extensionRequestId = "1.2.840.113549.1.9.14";
/** Undefined for algorithms that bring their own. */
const digests: Readonly<Record<string, string | undefined>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.3.101.112": undefined,
};

/** A request for `subject`, signed with its key (PEM). */
export function createCertificateSigningRequest(subject: Subject & { dnsNames?: readonly string[] }, privateKeyPem: string): string {
  const privateKey = createPrivateKey(privateKeyPem);
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" }) as Buffer;
  const names = (subject.dnsNames ?? []).map((name) => implicit(2, Buffer.from(name, "latin1")));
  const extensions =
    names.length === 0
      ? []
      : [
          sequence(
            objectIdentifier(extensionRequestId),
            setOf(sequence(sequence(objectIdentifier(subjectAltNameId), octetString(sequence(...names))))),
          ),
        ];
  const body = sequence(integer(Buffer.of(0)), encodeSubject(subject), publicKey, explicit(0, ...extensions));
  const signature = sign("sha256", body, privateKey);
  return toPem("CERTIFICATE REQUEST", sequence(body, sequence(objectIdentifier("1.2.840.10045.4.3.2")), bitString(signature)));
}

/** Reads a request and checks its signature. @throws {DerError} when it is malformed, or the signature is not its key's. */
export function parseCertificateSigningRequest(pem: string): SigningRequest {
  const [body, algorithm, signature] = childrenOf(readElements(fromPem("CERTIFICATE REQUEST", pem))[0], tag.sequence);
  const [, name, key, attributes] = childrenOf(body, tag.sequence);
  if (body === undefined || key === undefined || signature === undefined) throw new DerError("malformed request");
  const publicKey = createPublicKey({ key: key.raw, type: "spki", format: "der" });
  const algorithmId = readObjectIdentifier(childrenOf(algorithm, tag.sequence)[0]?.content ?? Buffer.alloc(0));
  if (!Object.hasOwn(digests, algorithmId)) throw new DerError("unsupported signature algorithm");
  if (!verify(digests[algorithmId], body.raw, publicKey, signature.content.subarray(1)))
    throw new DerError("the request's signature does not match its key");
  return { subject: decodeSubject(name), publicKey, ...alternativeNames(attributes) };
}

function alternativeNames(attributes: Element | undefined): Pick<SigningRequest, "dnsNames" | "ipAddresses"> {
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  for (const attribute of attributes === undefined ? [] : readElements(attributes.content)) {
    const [id, values] = childrenOf(attribute, tag.sequence);
    if (id === undefined || readObjectIdentifier(id.content) !== extensionRequestId) continue;
    for (const extension of childrenOf(childrenOf(values, tag.set)[0], tag.sequence)) {
      const parts = childrenOf(extension, tag.sequence);
      if (readObjectIdentifier(parts[0]?.content ?? Buffer.alloc(0)) !== subjectAltNameId) continue;
      for (const name of childrenOf(readElements(parts.at(-1)?.content ?? Buffer.alloc(0))[0], tag.sequence)) {
        if (name.tag === 0x82) dnsNames.push(name.content.toString("latin1"));
        else if (name.tag === 0x87) ipAddresses.push(formatAddress(name.content));
      }
    }
  }
  return { dnsNames, ipAddresses };
}

function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(":");
}
