import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { asAuthenticated } from "./users.ts";
import type { UserInfo } from "../registry/contract.ts";

/** Whom to believe when they say for whom they ask: the `--requestheader-…` settings of kube-apiserver. */
export interface FrontProxySettings {
  /** PEM: who signs the certificates of front proxies. Not of users. */
  readonly ca: string;
  /** Common names of front proxies; every certificate of the authority when empty. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** The settings with the headers that everybody uses. */
export function frontProxySettings(ca: string, allowedNames: readonly string[]): FrontProxySettings {
  return {
    ca,
    allowedNames,
    usernameHeaders: ["X-Remote-User"],
    uidHeaders: ["X-Remote-Uid"],
    groupHeaders: ["X-Remote-Group"],
    extraHeaderPrefixes: ["X-Remote-Extra-"],
  };
}

/** Authenticates requests of front proxies (another API server before this one) by certificate and headers. */
export class FrontProxyAuthenticator {
  readonly #settings: FrontProxySettings;
  readonly #authority: CertificateIssuers;

  constructor(settings: FrontProxySettings) {
    this.#settings = settings;
    this.#authority = new CertificateIssuers(settings.ca);
  }

  /** The user for whom a front proxy asks; undefined when the request comes from somebody else or names nobody. */
  authenticate(certificate: PeerCertificate, rawHeaders: readonly string[]): UserInfo | undefined {
    const { allowedNames, usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes } = this.#settings;
    if (!this.#authority.hasIssued(certificate)) return undefined;
    const commonNames = [certificate.subject.CN].flat();
    if (allowedNames.length > 0 && !commonNames.some((each) => allowedNames.includes(each ?? ""))) return undefined;
    const headers = distinctHeaders(rawHeaders);
    const name = usernameHeaders.map((header) => valuesOf(headers, header)[0] ?? "").find((value) => value !== "");
    if (name === undefined) return undefined;
    const uid = uidHeaders.map((header) => valuesOf(headers, header)[0] ?? "").find((value) => value !== "");
    const extra = extraOf(headers, extraHeaderPrefixes);
    return asAuthenticated({
      name,
      groups: groupHeaders.flatMap((header) => valuesOf(headers, header)).filter((group) => group !== ""),
      ...(uid !== undefined && { uid }),
      ...(Object.keys(extra).length > 0 && { extra }),
    });
  }
}

/** A set of authorities, which knows the certificates that they, or those below them, have issued. */
export class CertificateIssuers {
  readonly #authorities: readonly X509Certificate[];
  readonly #known = new WeakMap<PeerCertificate, boolean>();

  /** PEM, one or more certificates. */
  constructor(pem: string) {
    this.#authorities = (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
      (each) => new X509Certificate(each),
    );
  }

  hasIssued(certificate: PeerCertificate): boolean {
    let verdict = this.#known.get(certificate);
    if (verdict === undefined) {
      verdict = this.#isBelow(certificate);
      this.#known.set(certificate, verdict);
    }
    return verdict;
  }

  /** Whether the chain that the connection has already verified leads to one of ours. */
  #isBelow(certificate: PeerCertificate): boolean {
    let current: PeerCertificate | undefined = certificate;
    for (let depth = 0; depth < chainLimit && current?.raw !== undefined; depth++) {
      const parsed = new X509Certificate(current.raw);
      if (this.#authorities.some((authority) => parsed.checkIssued(authority) && parsed.verify(authority.publicKey))) return true;
      const issuer: DetailedPeerCertificate | undefined = (current as DetailedPeerCertificate).issuerCertificate;
      current = issuer === current ? undefined : issuer;
    }
    return false;
  }
}

const chainLimit = 8;

type DistinctHeaders = ReadonlyMap<string, readonly string[]>;

/** Joined with commas, as Node gives them otherwise, a group named `a,b` would become two. */
function distinctHeaders(raw: readonly string[]): DistinctHeaders {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [raw[index + 1] as string]);
    else values.push(raw[index + 1] as string);
  }
  return headers;
}

function valuesOf(headers: DistinctHeaders, name: string): readonly string[] {
  return headers.get(name.toLowerCase()) ?? [];
}

function extraOf(headers: DistinctHeaders, prefixes: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const prefix of prefixes.map((each) => each.toLowerCase())) {
    for (const [header, values] of headers) {
      if (!header.startsWith(prefix)) continue;
      const key = unescapeKey(header.slice(prefix.length));
      extra[key] = [...(extra[key] ?? []), ...values];
    }
  }
  return extra;
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
