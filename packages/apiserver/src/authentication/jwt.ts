import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";

/** A key pair that signs tokens: ECDSA on P-256. */
export interface TokenKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface JwtClaims {
  readonly [claim: string]: unknown;
}

/** @throws when `privateKey` is not an EC key on P-256. */
export function createTokenKey(privateKey: KeyObject): TokenKey {
  if (privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("tokens are signed with an ECDSA key on P-256");
  const publicKey = createPublicKey(privateKey);
  const id = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return { id, privateKey, publicKey };
}

/** Signs claims as a JWT with ES256. */
export function signJwt(claims: JwtClaims, key: TokenKey): string {
  const head = encodePart({ alg: "ES256", kid: key.id });
  const signed = `${head}.${encodePart(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

/**
 * The claims of a token that one of `keys` signed; undefined when the text is no JWT or nobody we know signed it. The algorithm is ours,
 * whatever the token's head says; expiry and audience are the caller's to check.
 */
export function verifyJwt(token: string, keys: readonly TokenKey[]): JwtClaims | undefined {
  const parts = token.split(".", 4);
  const [head = "", body = "", signature = ""] = parts;
  if (parts.length !== 3 || decodePart(head)?.["alg"] !== "ES256") return undefined;
  const data = Buffer.from(`${head}.${body}`);
  const bytes = Buffer.from(signature, "base64url");
  if (bytes.length !== 64) return undefined;
  const isSigned = keys.some((key) => verify("sha256", data, { key: key.publicKey, dsaEncoding: "ieee-p1363" }, bytes));
  return isSigned ? decodePart(body) : undefined;
}

/** The claims of a JWT that nobody has verified. */
export function peekJwt(token: string): JwtClaims | undefined {
  const parts = token.split(".", 4);
  return parts.length === 3 ? decodePart(parts[1] as string) : undefined;
}

/** The public halves, as a JSON Web Key Set. */
export function keySet(keys: readonly TokenKey[]): { keys: Record<string, unknown>[] } {
  return { keys: keys.map((key) => ({ ...key.publicKey.export({ format: "jwk" }), use: "sig", kid: key.id, alg: "ES256" })) };
}

function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decodePart(part: string): JwtClaims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JwtClaims) : undefined;
  } catch {
    return undefined;
  }
}
