import { expect, test } from "vitest";
import { parseCidr, parseIp } from "./addresses.ts";
import {
  canonicalCidrErrors,
  canonicalIpErrors,
  cidrWarnings,
  formatCidr,
  formatIp,
  ipWarnings,
  legacyCidrErrors,
  legacyIpErrors,
} from "./ip-rules.ts";

test.each([
  ["10.0.0.1", []],
  ["2001:DB8::1", []],
  ["010.0.0.1", ["must not have leading 0s"]],
  ["10.0.0.001", ["must not have leading 0s"]],
  ["::ffff:1.2.3.4", ["must not be an IPv4-mapped IPv6 address"]],
  ["300.1.1.1", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]],
  ["1.2.3.4/24", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]],
])("legacy address %s", (value, errors) => expect(legacyIpErrors(value)).toEqual(errors));

test.each([
  ["10.0.0.0/8", []],
  ["10.0.0.1/8", ["must not have bits set beyond the prefix length"]],
  ["10.0.0.0/08", ["must not have leading 0s in IP or prefix length"]],
  ["::ffff:10.0.0.0/104", ["must not have an IPv4-mapped IPv6 address"]],
  ["10.0.0.0/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]],
])("legacy block %s", (value, errors) => expect(legacyCidrErrors(value)).toEqual(errors));

test("canonical forms", () => {
  expect(canonicalIpErrors("2001:db8:0:0::1")).toEqual(['must be in canonical form ("2001:db8::1")']);
  expect(canonicalIpErrors("2001:db8::1")).toEqual([]);
  expect(canonicalCidrErrors("2001:DB8::/32")).toEqual(['must be in canonical form ("2001:db8::/32")']);
  expect(formatIp(parseIp("1:0:0:2:0:0:0:3") as number[])).toBe("1:0:0:2::3");
  expect(formatIp(parseIp("::") as number[])).toBe("::");
  expect(formatCidr(parseCidr("192.168.77.9/20") as never)).toBe("192.168.64.0/20");
});

test("warnings name what would do", () => {
  expect(ipWarnings("spec.x", "010.1.2.3")).toEqual(['spec.x: non-standard IP address "010.1.2.3" is invalid: use "10.1.2.3"']);
  expect(ipWarnings("spec.x", "2001:DB8::1")).toEqual([
    'spec.x: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
  ]);
  expect(ipWarnings("spec.x", "10.1.2.3")).toEqual([]);
  expect(cidrWarnings("spec.y", "10.1.2.3/8")).toEqual([
    'spec.y: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
  ]);
  expect(cidrWarnings("spec.y", "2001:DB8::/32")).toEqual([
    'spec.y: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")',
  ]);
});
