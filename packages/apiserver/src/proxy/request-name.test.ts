import { expect, it } from "vitest";
import { checkProxyable, parseRequestName, portNumber } from "./request-name.ts";

it("reads scheme, name and port", () => {
  expect(parseRequestName("web", "pod")).toEqual({ scheme: "http:", name: "web", port: "" });
  expect(parseRequestName("web:http", "pod")).toEqual({ scheme: "http:", name: "web", port: "http" });
  expect(parseRequestName("https:web:8443", "pod")).toEqual({ scheme: "https:", name: "web", port: "8443" });
  expect(parseRequestName(":web:", "pod")).toEqual({ scheme: "http:", name: "web", port: "" });
  for (const bad of ["ftp:web:1", "a:b:c:d", "", ":80", "http::80"])
    expect(() => parseRequestName(bad, "service")).toThrow(`invalid service request ${JSON.stringify(bad)}`);
});

it("takes ports that there are", () => {
  expect(portNumber("65535")).toBe(65_535);
  for (const bad of ["0", "65536", "1.5", "x"]) expect(() => portNumber(bad)).toThrow(`invalid port "${bad}"`);
});

it("leads nobody to addresses of the machine itself", () => {
  for (const open of ["10.0.0.1", "192.168.1.1", "8.8.8.8", "2001:db8::1", "fd00::1"]) expect(() => checkProxyable(open)).not.toThrow();
  for (const closed of [
    "",
    "0.0.0.0",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "224.0.0.1",
    "239.1.1.1",
    "::",
    "::1",
    "fe80::1",
    "ff02::1",
    "::ffff:127.0.0.1",
  ])
    expect(() => checkProxyable(closed)).toThrow("address not allowed");
});
