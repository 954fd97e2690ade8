import { quoteText } from "../../validation/field-errors.ts";

/** The parts of a URL, the path and the query as they were written. */
export interface Url {
  readonly scheme: string;
  /** Of `mailto:x`. */
  readonly opaque: string;
  readonly user: string;
  /** With the port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/** The text is no URL of a request. The message is Go's. */
export class UrlError extends Error {
  override readonly name = "UrlError";
}

/** Parses an absolute URL or an absolute path as Go's net/url does. @throws {UrlError} */
export function parseUrl(text: string): Url {
  try {
    parseParts(text, true);
    const hash = text.indexOf("#");
    if (hash < 0) return parseParts(text, false);
    return { ...parseParts(text.slice(0, hash), false), fragment: text.slice(hash + 1) };
  } catch (error) {
    if (error instanceof UrlError) throw new UrlError(`parse ${quoteText(text)}: ${error.message}`);
    throw error;
  }
}

/** `isRequest` refuses what is relative, and knows no fragment. */
function parseParts(text: string, isRequest: boolean): Url {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F]/.test(text)) throw new UrlError("net/url: invalid control character in URL");
  if (text === "" && isRequest) throw new UrlError("empty url");
  const empty = { scheme: "", opaque: "", user: "", host: "", path: "", query: "", fragment: "" };
  if (text === "*") return { ...empty, path: "*" };
  const { scheme, rest: afterScheme } = splitScheme(text);
  const mark = afterScheme.indexOf("?");
  const query = mark < 0 ? "" : afterScheme.slice(mark + 1);
  let rest = mark < 0 ? afterScheme : afterScheme.slice(0, mark);
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...empty, scheme, opaque: rest, query };
    if (isRequest) throw new UrlError("invalid URI for request");
    if (/^[^/]*:/.test(rest)) throw new UrlError("first path segment in URL cannot contain colon");
  }
  let authority = { user: "", host: "" };
  if (rest.startsWith("//") && (scheme !== "" || (!isRequest && !rest.startsWith("///")))) {
    const slash = rest.indexOf("/", 2);
    authority = parseAuthority(slash < 0 ? rest.slice(2) : rest.slice(2, slash));
    rest = slash < 0 ? "" : rest.slice(slash);
  }
  checkEscapes(rest);
  return { ...empty, scheme: scheme.toLowerCase(), ...authority, path: rest, query };
}

function splitScheme(text: string): { scheme: string; rest: string } {
  if (text.startsWith(":")) throw new UrlError("missing protocol scheme");
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  return match === null ? { scheme: "", rest: text } : { scheme: match[1] as string, rest: text.slice(match[0].length) };
}

function checkEscapes(text: string): void {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(text);
  if (wrong !== null) throw new UrlError(`invalid URL escape ${quoteText(wrong[0])}`);
}

function parseAuthority(authority: string): { user: string; host: string } {
  const at = authority.lastIndexOf("@");
  const host = parseHost(authority.slice(at + 1));
  if (at < 0) return { user: "", host };
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw new UrlError("net/url: invalid userinfo");
  checkEscapes(user);
  return { user, host };
}

function parseHost(host: string): string {
  if (host.startsWith("[")) {
    const close = host.lastIndexOf("]");
    if (close < 0) throw new UrlError("missing ']' in host");
    checkPort(host.slice(close + 1));
    return host;
  }
  const colon = host.indexOf(":");
  if (colon >= 0) checkPort(host.slice(colon));
  const escape = /%(?!(?:[89A-Fa-f][0-9a-fA-F]|25))[^]{0,2}/.exec(host);
  if (escape !== null) throw new UrlError(`invalid URL escape ${quoteText(escape[0])}`);
  const wrong = /[\s"<>\\^`{|}#/?@]/.exec(host.replaceAll(/[<>"]/g, ""));
  if (wrong !== null) throw new UrlError(`invalid character ${quoteText(wrong[0])} in host name`);
  return host;
}

function checkPort(port: string): void {
  if (!/^(?::[0-9]*)?$/.test(port)) throw new UrlError(`invalid port ${quoteText(port)} after host`);
}

/** Without the port and the brackets of an IPv6 address. */
export function hostNameOf(host: string): string {
  const name = host.slice(0, host.length - portSuffix(host).length);
  return name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
}

export function portOf(host: string): string {
  return portSuffix(host).slice(1);
}

function portSuffix(host: string): string {
  return /:[0-9]*$/.exec(host)?.[0] ?? "";
}

const plain = /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/;

/** The path as it would be sent: what was written if that is proper, else escaped anew. */
export function escapedPath(path: string): string {
  if (plain.test(path)) return path;
  const bytes = unescapeBytes(path);
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

function unescapeBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const result: number[] = [];
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte === 37) {
      result.push(Number.parseInt(String.fromCharCode(bytes[index + 1] as number, bytes[index + 2] as number), 16));
      index += 2;
    } else result.push(byte);
  }
  return new Uint8Array(result);
}

/** The values of each key. Parts that cannot be read are left out. */
export function parseQuery(query: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const part of query.split("&")) {
    if (part === "" || part.includes(";") || /%(?![0-9a-fA-F]{2})/.test(part)) continue;
    const equals = part.indexOf("=");
    const key = decodeQuery(equals < 0 ? part : part.slice(0, equals));
    const values = found.get(key) ?? [];
    values.push(equals < 0 ? "" : decodeQuery(part.slice(equals + 1)));
    found.set(key, values);
  }
  return found;
}

function decodeQuery(text: string): string {
  return new TextDecoder().decode(unescapeBytes(text.replaceAll("+", " ")));
}
