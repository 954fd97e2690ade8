import { formatIp, legacyCidrErrors, legacyIpErrors, parseIp, type Findings } from "@coracle/apimachinery";

/** An address in a field of old. What the stored object has may stay. */
export function validateLegacyIp(value: string, at: string, out: Findings, kept: readonly string[] = []): boolean {
  if (kept.includes(value)) return true;
  const errors = legacyIpErrors(value);
  out.messages(at, value, errors);
  return errors.length === 0;
}

/** A block in a field of old. What the stored object has may stay. */
export function validateLegacyCidr(value: string, at: string, out: Findings, kept: readonly string[] = []): boolean {
  if (kept.includes(value)) return true;
  const errors = legacyCidrErrors(value);
  out.messages(at, value, errors);
  return errors.length === 0;
}

/** Whose address it is. */
interface Owner {
  readonly name?: string | undefined;
  readonly targetKind?: string | undefined;
}

/**
 * Whether the address may be a loopback one: upstream refuses all. Here a cluster can be one machine that listens on nothing else, so
 * that its API server, and pods that use its network, have no other.
 */
export function mayBeLoopback({ name, targetKind }: Owner): boolean {
  return name === "kubernetes" || targetKind === "Pod";
}

/** An address that traffic can be sent to from elsewhere. */
export function validateEndpointIp(value: string, at: string, out: Findings, allowsLoopback = false): void {
  const bytes = parseIp(value);
  if (bytes === undefined) return out.invalid(at, value, "must be a valid IP address");
  const [first = 0, second = 0] = bytes;
  const isV4 = bytes.length === 4;
  const text = formatIp(bytes);
  if (text === "0.0.0.0" || text === "::") out.invalid(at, value, `may not be unspecified (${value})`);
  if (!allowsLoopback && (isV4 ? first === 127 : text === "::1"))
    out.invalid(at, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (isV4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80)
    out.invalid(at, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  if (isV4 ? first === 224 && second === 0 && bytes[2] === 0 : first === 0xff && (second & 0x0f) === 2)
    out.invalid(at, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
}
