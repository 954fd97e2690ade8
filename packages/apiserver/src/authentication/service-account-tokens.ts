import { randomUuid, type Clock, type Random } from "@coracle/base";
import type { UserInfo } from "../registry/contract.ts";
import { keySet, peekJwt, signJwt, verifyJwt, type JwtClaims, type TokenKey } from "./jwt.ts";
import { serviceAccountGroups, serviceAccountName } from "./users.ts";

export interface ObjectIdentity {
  readonly name: string;
  readonly uid: string;
}

/** Whether what a token speaks of still exists. Each answers the object's uid, undefined when it is gone. */
export interface ServiceAccountLookup {
  serviceAccount(namespace: string, name: string): Promise<string | undefined>;
  pod(namespace: string, name: string): Promise<string | undefined>;
  secret(namespace: string, name: string): Promise<string | undefined>;
  node(name: string): Promise<string | undefined>;
}

export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: ObjectIdentity;
  /** The token dies with the object. A pod's token names the node as well. */
  readonly pod?: ObjectIdentity;
  readonly node?: ObjectIdentity;
  readonly secret?: ObjectIdentity;
}

export interface IssueOptions {
  /** Defaults to the API's own audiences. */
  readonly audiences?: readonly string[];
  readonly expirationSeconds: number;
}

export interface ServiceAccountTokensOptions {
  /** The first signs, all verify. */
  readonly keys: readonly TokenKey[];
  readonly issuer: string;
  readonly apiAudiences: readonly string[];
  readonly lookup: ServiceAccountLookup;
  readonly clock: Clock;
  readonly random: Random;
}

export type TokenVerdict =
  | { readonly isValid: true; readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly isValid: false; readonly reason: string };

interface KubernetesClaims {
  readonly namespace: string;
  readonly serviceaccount: ObjectIdentity;
  readonly pod?: ObjectIdentity;
  readonly node?: ObjectIdentity;
  readonly secret?: ObjectIdentity;
}

/** Makes and checks the tokens that service accounts authenticate with: JWTs whose claims are upstream's. */
export class ServiceAccountTokens {
  readonly #options: ServiceAccountTokensOptions;
  /** Signatures that were checked: the work is 80 µs, and one token comes thousands of times. */
  readonly #verified = new Map<string, JwtClaims>();

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  get apiAudiences(): readonly string[] {
    return this.#options.apiAudiences;
  }

  /** The public keys, for others who verify. */
  keySet(): { keys: Record<string, unknown>[] } {
    return keySet(this.#options.keys);
  }

  issue(subject: TokenSubject, options: IssueOptions): { token: string; expirationMs: number } {
    const { clock, random, issuer, apiAudiences, keys } = this.#options;
    const nowSeconds = Math.floor(clock.now() / 1000);
    const expiry = nowSeconds + options.expirationSeconds;
    const { namespace, serviceAccount, pod, node, secret } = subject;
    const bound = { ...(pod && { pod }), ...(node && { node }), ...(secret && { secret }) };
    const claims = {
      aud: options.audiences === undefined || options.audiences.length === 0 ? apiAudiences : options.audiences,
      exp: expiry,
      iat: nowSeconds,
      nbf: nowSeconds,
      iss: issuer,
      jti: randomUuid(random),
      sub: serviceAccountName(namespace, serviceAccount.name),
      "kubernetes.io": { namespace, serviceaccount: serviceAccount, ...bound },
    };
    return { token: signJwt(claims, keys[0] as TokenKey), expirationMs: expiry * 1000 };
  }

  /** Undefined when the token is not one of ours to judge. `audiences` defaults to the API's own. */
  async verify(token: string, audiences: readonly string[] = this.#options.apiAudiences): Promise<TokenVerdict | undefined> {
    if (peekJwt(token)?.["iss"] !== this.#options.issuer) return undefined;
    const claims = this.#signed(token);
    if (claims === undefined) return invalid("invalid signature");
    const nowSeconds = this.#options.clock.now() / 1000;
    if (nowSeconds >= Number(claims["exp"])) return invalid("service account token has expired");
    if (nowSeconds < Number(claims["nbf"]) - 1) return invalid("service account token is not valid yet");
    const present = (claims["aud"] as string[]).filter((audience) => audiences.includes(audience));
    if (present.length === 0)
      return invalid(`token audiences ${JSON.stringify(claims["aud"])} is invalid for the target audiences ${JSON.stringify(audiences)}`);
    const bound = claims["kubernetes.io"] as KubernetesClaims;
    const missing = await this.#findMissing(bound);
    return missing === undefined ? { isValid: true, user: userOf(bound, String(claims["jti"])), audiences: present } : invalid(missing);
  }

  #signed(token: string): JwtClaims | undefined {
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const claims = verifyJwt(token, this.#options.keys);
    if (claims === undefined || !Array.isArray(claims["aud"]) || typeof claims["kubernetes.io"] !== "object") return undefined;
    if (this.#verified.size >= 1000) this.#verified.delete(this.#verified.keys().next().value as string);
    this.#verified.set(token, claims);
    return claims;
  }

  async #findMissing({ namespace, serviceaccount, pod, secret, node }: KubernetesClaims): Promise<string | undefined> {
    const { lookup } = this.#options;
    const [accountUid, podUid, secretUid, nodeUid] = await Promise.all([
      lookup.serviceAccount(namespace, serviceaccount.name),
      pod && lookup.pod(namespace, pod.name),
      secret && lookup.secret(namespace, secret.name),
      // A pod's token lives as long as the pod; the node is only told.
      node && pod === undefined ? lookup.node(node.name) : undefined,
    ]);
    if (accountUid !== serviceaccount.uid) return "service account UID does not match claim, or it has been deleted";
    if (pod !== undefined && podUid !== pod.uid) return "pod UID does not match claim, or it has been deleted";
    if (secret !== undefined && secretUid !== secret.uid) return "secret UID does not match claim, or it has been deleted";
    if (node !== undefined && pod === undefined && nodeUid !== node.uid) return "node UID does not match claim, or it has been deleted";
    return undefined;
  }
}

function invalid(reason: string): TokenVerdict {
  return { isValid: false, reason };
}

function userOf(claims: KubernetesClaims, id: string): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims;
  const extra: Record<string, string[]> = { "authentication.kubernetes.io/credential-id": [`JTI=${id}`] };
  if (pod !== undefined) {
    extra["authentication.kubernetes.io/pod-name"] = [pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
  }
  if (node !== undefined) {
    extra["authentication.kubernetes.io/node-name"] = [node.name];
    extra["authentication.kubernetes.io/node-uid"] = [node.uid];
  }
  return {
    name: serviceAccountName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    extra,
  };
}
