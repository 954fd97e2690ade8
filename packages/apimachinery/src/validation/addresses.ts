/** IP addresses and CIDRs in the text form of the API. Browser-safe, so no `node:net`. */

/** The bytes of an address, 4 or 16; undefined when the text is none. IPv4 octets have no leading zeros. */
export function parseIp(text: string): number[] | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Whether the address (which must be valid) is IPv6. */
export function isIpv6(text: string): boolean {
  return text.includes(":");
}

function parseIpv4(text: string): number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1);
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith("0")))) return undefined;
  return parts.map(Number);
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const missing = 16 - head.length - tail.length;
  if (missing < 2) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (group.includes(".")) {
      const octets = mayEndInIpv4 && index === groups.length - 1 ? parseIpv4(group) : undefined;
      if (octets === undefined) return undefined;
      bytes.push(...octets);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}

/** What is wrong with an IP address. */
export function ipErrors(text: string): string[] {
  return parseIp(text) === undefined ? ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"] : [];
}

/** An address block. `bytes` is the address as written, not masked. */
export interface Cidr {
  readonly bytes: readonly number[];
  readonly prefixLength: number;
}

/** Reads `10.0.0.0/8`; undefined when the text is none. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const bytes = match === null ? undefined : parseIp(match[1] as string);
  if (match === null || bytes === undefined) return undefined;
  const prefixLength = Number(match[2]);
  return prefixLength <= bytes.length * 8 ? { bytes, prefixLength } : undefined;
}

/** What is wrong with a CIDR. */
export function cidrErrors(text: string): string[] {
  return parseCidr(text) === undefined ? ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"] : [];
}

/** Whether the block contains the address. */
export function cidrContains(cidr: Cidr, address: readonly number[]): boolean {
  if (address.length !== cidr.bytes.length) return false;
  for (let bit = 0; bit < cidr.prefixLength; bit += 8) {
    const mask = cidr.prefixLength - bit >= 8 ? 255 : (255 << (8 - (cidr.prefixLength - bit))) & 255;
    if ((((cidr.bytes[bit / 8] as number) ^ (address[bit / 8] as number)) & mask) !== 0) return false;
  }
  return true;
}
