import { parseCidr, parseIp } from "../validation/addresses.ts";
import { dnsLabelErrors, dnsSubdomainErrors } from "../validation/names.ts";
import { parseDuration } from "../time/duration.ts";
import { isTime } from "../time/time.ts";

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const email = /^[^\s@<>()[\]\\,;:"]+@[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?$/;
const uuid = (version: string): RegExp => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, "i");

/** The string formats that CustomResourceDefinitions may use; others are not checked, as upstream does. */
const formats: Readonly<Record<string, (value: string) => boolean>> = {
  "date-time": isTime,
  datetime: isTime,
  date: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && isTime(`${value}T00:00:00Z`),
  duration: isDuration,
  byte: (value) => base64.test(value),
  cidr: (value) => parseCidr(value) !== undefined,
  ipv4: (value) => !value.includes(":") && parseIp(value) !== undefined,
  ipv6: (value) => value.includes(":") && parseIp(value) !== undefined,
  ip: (value) => parseIp(value) !== undefined,
  hostname: isHostname,
  email: (value) => email.test(value),
  mac: (value) => /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})$/i.test(value),
  uri: isUri,
  uuid: (value) => uuid("[0-9a-f]").test(value),
  uuid3: (value) => uuid("3").test(value),
  uuid4: (value) => uuid("4").test(value),
  uuid5: (value) => uuid("5").test(value),
  hexcolor: (value) => /^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(value),
  rgbcolor: (value) => /^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$/.test(value),
  bsonobjectid: (value) => /^[0-9a-f]{24}$/i.test(value),
  "k8s-short-name": (value) => dnsLabelErrors(value).length === 0,
  "k8s-long-name": (value) => dnsSubdomainErrors(value).length === 0,
};

/** The check for a format; undefined when it is not one that is checked. */
export function formatCheck(format: string | undefined): ((value: string) => boolean) | undefined {
  return format !== undefined && Object.hasOwn(formats, format) ? formats[format] : undefined;
}

function isDuration(value: string): boolean {
  try {
    parseDuration(value);
    return true;
  } catch {
    return /^\d+\s*(?:ns|us|µs|ms|s|m|h|d|w|seconds?|minutes?|hours?|days?|weeks?)$/.test(value);
  }
}

function isHostname(value: string): boolean {
  const labels = value.replace(/\.$/, "").split(".");
  return value.length <= 255 && labels.every((label) => label.length <= 63 && /^[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?$/.test(label));
}

/** A request URI: absolute, or an absolute path. */
function isUri(value: string): boolean {
  if (value.startsWith("/")) return !/\s/.test(value);
  try {
    return new URL(value).href !== "";
  } catch {
    return false;
  }
}
