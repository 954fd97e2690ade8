import { createHash, timingSafeEqual } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import { newUnauthorized } from "@coracle/apimachinery";
import type { UserInfo } from "../registry/contract.ts";
import type { HttpExchange } from "../http/exchange.ts";
import { CertificateIssuers, FrontProxyAuthenticator, type FrontProxySettings } from "./front-proxy.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";
import { asAuthenticated } from "./users.ts";

/** A bearer token that never expires, for an administrator or a test. */
export interface StaticToken {
  readonly token: string;
  readonly user: UserInfo;
}

export interface AuthenticatorOptions {
  readonly serviceAccounts: ServiceAccountTokens;
  readonly staticTokens?: readonly StaticToken[];
  /** Defaults to believing no front proxy. */
  readonly frontProxy?: FrontProxySettings;
  /** PEM: who signs users' certificates. Needed where certificates of other authorities reach us too: those of front proxies. */
  readonly clientCa?: string;
}

/** Says who sends a request: by the word of a front proxy, by client certificate, else by bearer token. */
export class Authenticator {
  readonly #frontProxy: FrontProxyAuthenticator | undefined;
  readonly #clientIssuers: CertificateIssuers | undefined;
  readonly #serviceAccounts: ServiceAccountTokens;
  readonly #staticTokens: readonly { digest: Buffer; user: UserInfo }[];

  constructor(options: AuthenticatorOptions) {
    const { frontProxy, clientCa } = options;
    this.#frontProxy = frontProxy === undefined ? undefined : new FrontProxyAuthenticator(frontProxy);
    this.#clientIssuers = frontProxy === undefined || clientCa === undefined ? undefined : new CertificateIssuers(clientCa);
    this.#serviceAccounts = options.serviceAccounts;
    this.#staticTokens = (options.staticTokens ?? []).map(({ token, user }) => ({ digest: digestOf(token), user: asAuthenticated(user) }));
  }

  /** Undefined for a request without credentials. @throws {StatusError} 401 for credentials that are wrong. */
  async authenticate(exchange: HttpExchange): Promise<UserInfo | undefined> {
    const user = this.#byCertificate(exchange);
    if (user !== undefined) return user;
    const token = bearerToken(exchange.headers.authorization);
    if (token === undefined) {
      // Some other scheme is an attempt, too.
      if (exchange.headers.authorization !== undefined) throw unauthorized();
      return undefined;
    }
    const byToken = await this.authenticateToken(token);
    if (byToken === undefined) throw unauthorized();
    return byToken.user;
  }

  #byCertificate(exchange: HttpExchange): UserInfo | undefined {
    const certificate = exchange.peerCertificate;
    if (certificate === undefined) return undefined;
    const proxied = this.#frontProxy?.authenticate(certificate, exchange.rawHeaders);
    if (proxied !== undefined) return proxied;
    // A front proxy's certificate names the proxy, not a user, whatever it says.
    if (this.#clientIssuers !== undefined && !this.#clientIssuers.hasIssued(certificate)) return undefined;
    return userOfCertificate(certificate);
  }

  /** For requests and for TokenReviews. */
  async authenticateToken(
    token: string,
    audiences?: readonly string[],
  ): Promise<{ user: UserInfo; audiences: readonly string[] } | undefined> {
    const digest = digestOf(token);
    const known = this.#staticTokens.find((each) => timingSafeEqual(each.digest, digest));
    if (known !== undefined) return { user: known.user, audiences: audiences ?? this.#serviceAccounts.apiAudiences };
    const verdict = await this.#serviceAccounts.verify(token, audiences);
    if (verdict === undefined || !verdict.isValid) return undefined;
    return { user: asAuthenticated(verdict.user), audiences: verdict.audiences };
  }
}

/** 401 as upstream words it for everybody, so that it tells nothing. */
export function unauthorized(): Error {
  return newUnauthorized("Unauthorized");
}

const certificateUsers = new WeakMap<PeerCertificate, UserInfo>();

/** The common name is the user, the organizations are the groups. */
export function userOfCertificate(certificate: PeerCertificate): UserInfo | undefined {
  const known = certificateUsers.get(certificate);
  if (known !== undefined) return known;
  const name = listOf(certificate.subject.CN)[0] ?? "";
  if (name === "") return undefined;
  const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  const extra = { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] };
  const user = asAuthenticated({ name, groups: listOf(certificate.subject.O), extra });
  certificateUsers.set(certificate, user);
  return user;
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function bearerToken(header: string | undefined): string | undefined {
  const match = /^Bearer +(\S+) *$/i.exec(header ?? "");
  return match?.[1];
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
