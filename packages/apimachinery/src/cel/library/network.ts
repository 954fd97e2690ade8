import { cidrContains, parseCidr, parseIp, type Cidr } from "../../validation/addresses.ts";
import { formatIp, networkOf } from "../../validation/ip-rules.ts";
import { celTypes } from "../types/types.ts";
import { quoteText } from "../../validation/field-errors.ts";
import { CelOpaque } from "../values/opaque.ts";
import { CelFailure, noSuchOverload, type Evaluated } from "../values/value.ts";
import { declare, method, overload, type FunctionDeclaration, type Overload } from "./declaration.ts";
import { bool, int, string } from "./signatures.ts";

type Ip = CelOpaque<readonly number[]>;
type Network = CelOpaque<Cidr>;

const { ip: ipType, cidr: cidrType } = celTypes;

function ipValue(bytes: readonly number[]): Ip {
  return new CelOpaque(ipType, bytes, { key: formatIp(bytes), size: bytes.length });
}

function cidrValue(cidr: Cidr): Network {
  return new CelOpaque(cidrType, cidr, { key: formatCidr(cidr), size: Math.ceil(cidr.prefixLength / 8) });
}

/** The address is not masked. */
function formatCidr({ bytes, prefixLength }: Cidr): string {
  return `${formatIp(bytes)}/${prefixLength}`;
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
}

/** Without zones, and no IPv4 address in the form of IPv6. */
function readIp(text: string): readonly number[] | CelFailure {
  const [address = "", zone] = text.split(/%(.*)/s);
  const bytes = parseIp(address);
  if (bytes === undefined || (zone !== undefined && (zone === "" || bytes.length === 4)))
    return new CelFailure(
      `IP Address ${quoteText(text)} parse error during conversion from string: ParseAddr(${quoteText(text)}): ${ipProblem(text)}`,
    );
  if (zone !== undefined) return new CelFailure(`IP address ${quoteText(text)} with zone value is not allowed`);
  return isMapped(bytes) ? new CelFailure(`IPv4-mapped IPv6 address ${quoteText(text)} is not allowed`) : bytes;
}

/** In the words of Go's netip, for what is commonly wrong. */
function ipProblem(text: string): string {
  if (!/[.:%]/.test(text)) return "unable to parse IP";
  if (!/^[^:%]*\./.test(text)) return text.includes(":") ? "unexpected character" : "missing IPv6 address";
  const fields = text.split(".");
  const wrong = fields.find((field) => !/^\d*$/.test(field));
  if (wrong !== undefined) return `unexpected character (at ${quoteText(text.slice(text.search(/[^\d.]/)))})`;
  if (fields.includes(""))
    return `IPv4 field must have at least one digit (at ${quoteText(text.slice(Math.max(0, text.search(/\.\.|^\.|\.$/))))})`;
  if (fields.some((field) => field.length > 1 && field.startsWith("0"))) return "IPv4 field has octet with leading zero";
  if (fields.some((field) => Number(field) > 255)) return "IPv4 field has value >255";
  return fields.length > 4 ? "IPv4 address too long" : "IPv4 address too short";
}

function toIp(text: string): Evaluated {
  const bytes = readIp(text);
  return bytes instanceof CelFailure ? bytes : ipValue(bytes);
}

const parsing = "network address parse error during conversion from string: ";

function readCidr(text: string): Cidr | CelFailure {
  const cidr = parseCidr(text);
  if (cidr !== undefined && isMapped(cidr.bytes)) return new CelFailure(`IPv4-mapped IPv6 address ${quoteText(text)} is not allowed`);
  return cidr ?? new CelFailure(`${parsing}netip.ParsePrefix(${quoteText(text)}): ${cidrProblem(text)}`);
}

function cidrProblem(text: string): string {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return "no '/'";
  const address = text.slice(0, slash);
  if (address.includes("%")) return "IPv6 zones cannot be present in a prefix";
  if (parseIp(address) === undefined) return `ParseAddr(${quoteText(address)}): ${ipProblem(address)}`;
  const bits = text.slice(slash + 1);
  return /^(?:0|[1-9]\d*)$/.test(bits) ? "prefix length out of range" : `bad bits after slash: ${quoteText(bits)}`;
}

function toCidr(text: string): Evaluated {
  const cidr = readCidr(text);
  return cidr instanceof CelFailure ? new CelFailure(parsing + cidr.message) : cidrValue(cidr);
}

function containsIp({ value: cidr }: Network, address: readonly number[]): boolean {
  return address.length === cidr.bytes.length && cidrContains(cidr, address);
}

function containsIpText(network: Network, text: string): Evaluated {
  const bytes = readIp(text);
  return bytes instanceof CelFailure ? noSuchOverload : containsIp(network, bytes);
}

function containsCidr(network: Network, other: Cidr): boolean {
  return network.value.prefixLength <= other.prefixLength && containsIp(network, other.bytes);
}

function containsCidrText(network: Network, text: string): Evaluated {
  const cidr = readCidr(text);
  return cidr instanceof CelFailure ? new CelFailure(parsing + cidr.message) : containsCidr(network, cidr);
}

function isCanonical(text: string): Evaluated {
  const bytes = readIp(text);
  return bytes instanceof CelFailure ? bytes : formatIp(bytes) === text;
}

const isUnspecified = (bytes: readonly number[]): boolean => bytes.every((byte) => byte === 0);

function isLoopback(bytes: readonly number[]): boolean {
  return bytes.length === 4 ? bytes[0] === 127 : bytes[15] === 1 && isUnspecified(bytes.slice(0, 15));
}

function isLinkLocalMulticast([first, second = 0, third]: readonly number[]): boolean {
  return first === 255 ? (second & 15) === 2 : first === 224 && second === 0 && third === 0;
}

function isLinkLocalUnicast([first, second = 0, ...rest]: readonly number[]): boolean {
  return rest.length > 2 ? first === 254 && (second & 0xc0) === 0x80 : first === 169 && second === 254;
}

function isGlobalUnicast(bytes: readonly number[]): boolean {
  const isBroadcast = bytes.length === 4 && bytes.every((byte) => byte === 255);
  const isMulticast = bytes.length === 4 ? ((bytes[0] as number) & 0xf0) === 0xe0 : bytes[0] === 255;
  return !isBroadcast && !isMulticast && !isUnspecified(bytes) && !isLoopback(bytes) && !isLinkLocalUnicast(bytes);
}

function question(id: string, holds: (bytes: readonly number[]) => boolean): Overload {
  return method(id, [ipType], bool, ({ value }: Ip) => holds(value));
}

/** Addresses and networks. */
export const network: readonly FunctionDeclaration[] = [
  declare(
    "ip",
    overload("string_to_ip", [string], ipType, toIp),
    method("cidr_ip", [cidrType], ipType, ({ value }: Network) => ipValue(value.bytes)),
  ),
  declare(
    "family",
    method("ip_family", [ipType], int, ({ value }: Ip) => (value.length === 4 ? 4 : 6)),
  ),
  declare("ip.isCanonical", overload("ip_is_canonical", [string], bool, isCanonical)),
  declare("isUnspecified", question("ip_is_unspecified", isUnspecified)),
  declare("isLoopback", question("ip_is_loopback", isLoopback)),
  declare("isLinkLocalMulticast", question("ip_is_link_local_multicast", isLinkLocalMulticast)),
  declare("isLinkLocalUnicast", question("ip_is_link_local_unicast", isLinkLocalUnicast)),
  declare("isGlobalUnicast", question("ip_is_global_unicast", isGlobalUnicast)),
  declare(
    "isIP",
    overload("is_ip", [string], bool, (text: string) => !(readIp(text) instanceof CelFailure)),
  ),
  declare(
    "string",
    overload("ip_to_string", [ipType], string, ({ value }: Ip) => formatIp(value)),
    overload("cidr_to_string", [cidrType], string, ({ value }: Network) => formatCidr(value)),
  ),
  declare("cidr", overload("string_to_cidr", [string], cidrType, toCidr)),
  declare(
    "containsIP",
    method("cidr_contains_ip_string", [cidrType, string], bool, containsIpText),
    method("cidr_contains_ip_ip", [cidrType, ipType], bool, (network: Network, { value }: Ip) => containsIp(network, value)),
  ),
  declare(
    "containsCIDR",
    method("cidr_contains_cidr_string", [cidrType, string], bool, containsCidrText),
    method("cidr_contains_cidr", [cidrType, cidrType], bool, (network: Network, { value }: Network) => containsCidr(network, value)),
  ),
  declare(
    "prefixLength",
    method("cidr_prefix_length", [cidrType], int, ({ value }: Network) => value.prefixLength),
  ),
  declare(
    "masked",
    method("cidr_masked", [cidrType], cidrType, ({ value }: Network) => cidrValue(networkOf(value))),
  ),
  declare(
    "isCIDR",
    overload("is_cidr", [string], bool, (text: string) => !(readCidr(text) instanceof CelFailure)),
  ),
];
