import { parseCidr, parseIp, type Cidr } from "./addresses.ts";
import { quoteText } from "./field-errors.ts";

/**
 * Addresses as fields of the API have them. Fields from before Kubernetes 1.33 took leading zeros and IPv4-mapped IPv6; since 1.36
 * (StrictIPCIDRValidation, KEP-4858) only an object that already has such a value may keep it. Newer fields take the canonical form
 * only.
 */

const none: readonly string[] = Object.freeze([]) as readonly string[];

const ipText = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const cidrText = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/** What is wrong with the address in a field of old; any form will do. */
export function legacyIpErrors(value: string): readonly string[] {
  const bytes = parseIp(value);
  if (bytes === undefined) return [sloppyIp(value) === undefined ? ipText : "must not have leading 0s"];
  return isMapped(bytes) ? ["must not be an IPv4-mapped IPv6 address"] : none;
}

/** What is wrong with the address in a field that takes the canonical form only. */
export function canonicalIpErrors(value: string): readonly string[] {
  const errors = legacyIpErrors(value);
  if (errors.length > 0) return errors;
  const canonical = formatIp(parseIp(value) as number[]);
  return value === canonical ? none : [`must be in canonical form (${quoteText(canonical)})`];
}

/** What is wrong with the block in a field of old; any form without bits beyond the prefix will do. */
export function legacyCidrErrors(value: string): readonly string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [sloppyCidr(value) === undefined ? cidrText : "must not have leading 0s in IP or prefix length"];
  if (isMapped(cidr.bytes)) return ["must not have an IPv4-mapped IPv6 address"];
  return formatIp(cidr.bytes) === formatIp(networkOf(cidr).bytes) ? none : ["must not have bits set beyond the prefix length"];
}

/** What is wrong with the block in a field that takes the canonical form only. */
export function canonicalCidrErrors(value: string): readonly string[] {
  const errors = legacyCidrErrors(value);
  if (errors.length > 0) return errors;
  const canonical = formatCidr(parseCidr(value) as Cidr);
  return value === canonical ? none : [`must be in canonical form (${quoteText(canonical)})`];
}

/** A valid address in a form that others may not understand; the text of a warning. */
export function ipWarnings(at: string, value: string): string[] {
  const bytes = parseIp(value) ?? sloppyIp(value);
  if (bytes === undefined) return [];
  const canonical = formatIp(bytes);
  if (parseIp(value) === undefined || isMapped(bytes))
    return [`${at}: non-standard IP address ${quoteText(value)} is invalid: use ${quoteText(canonical)}`];
  if (!value.includes(":") || value === canonical) return [];
  return [`${at}: IPv6 address ${quoteText(value)} should be in RFC 5952 canonical format (${quoteText(canonical)})`];
}

/** A valid block in a form that others may not understand; the texts of warnings. */
export function cidrWarnings(at: string, value: string): string[] {
  const cidr = parseCidr(value) ?? sloppyCidr(value);
  if (cidr === undefined) return [];
  const warnings: string[] = [];
  const address = formatIp(cidr.bytes);
  const network = formatCidr(cidr);
  if (formatIp(networkOf(cidr).bytes) !== address) {
    const single = `${address}/${cidr.bytes.length * 8}`;
    warnings.push(
      `${at}: CIDR value ${quoteText(value)} is ambiguous in this context (should be ${quoteText(network)} or ${quoteText(single)}?)`,
    );
  }
  if (parseCidr(value) === undefined || isMapped(cidr.bytes))
    warnings.push(`${at}: non-standard CIDR value ${quoteText(value)} is invalid: use ${quoteText(network)}`);
  if (warnings.length === 0 && value.includes(":") && value !== network)
    warnings.push(`${at}: IPv6 CIDR value ${quoteText(value)} should be in RFC 5952 canonical format (${quoteText(network)})`);
  return warnings;
}

/** The canonical text: RFC 5952 for IPv6, dotted for IPv4 and what maps to it. */
export function formatIp(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isMapped(bytes)) return bytes.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] as number) << 8) | (bytes[2 * index + 1] as number));
  const { start, length } = longestZeros(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  return length < 2 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

/** The canonical text of the network: `10.0.0.1/8` → `10.0.0.0/8`. */
export function formatCidr(cidr: Cidr): string {
  const { bytes, prefixLength } = networkOf(cidr);
  const length = isMapped(bytes) && prefixLength >= 96 ? prefixLength - 96 : prefixLength;
  return `${formatIp(bytes)}/${length}`;
}

/** The block with the bits beyond its prefix cleared. */
export function networkOf({ bytes, prefixLength }: Cidr): Cidr {
  const cleared = bytes.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - 8 * index));
    return byte & (255 << (8 - bits)) & 255;
  });
  return { bytes: cleared, prefixLength };
}

/** Whether the bytes are an IPv4 address in IPv6 (`::ffff:1.2.3.4`). */
function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes.every((byte, index) => index > 11 || byte === (index < 10 ? 0 : 255));
}

/** As `parseIp`, but octets may have leading zeros. */
function sloppyIp(value: string): number[] | undefined {
  return parseIp(value.replaceAll(/\b0+(?=\d{1,3}(\.|$))/g, "").replaceAll(/(?<=\.)0+(?=\d)/g, ""));
}

function sloppyCidr(value: string): Cidr | undefined {
  const slash = value.lastIndexOf("/");
  const bytes = slash < 0 ? undefined : sloppyIp(value.slice(0, slash));
  const length = value.slice(slash + 1);
  if (bytes === undefined || !/^\d{1,6}$/.test(length) || Number(length) > bytes.length * 8) return undefined;
  return { bytes, prefixLength: Number(length) };
}
