import { quoteText } from "@coracle/apimachinery";

/** A URL as Go's parser takes it apart: more lenient than the web's, and the parts as they were written. */
export interface GoUrl {
  /** In lower case; empty without one. */
  readonly scheme: string;
  readonly user: string | undefined;
  /** With the port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/** The parts, or Go's words for why there are none. */
export function parseUrl(text: string): GoUrl | { readonly problem: string } {
  const problem = (reason: string): { problem: string } => ({ problem: `parse ${quoteText(text)}: ${reason}` });
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return problem("net/url: invalid control character in URL");
  const [beforeFragment, fragment] = cut(text, "#");
  if (beforeFragment.startsWith(":")) return problem("missing protocol scheme");
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(beforeFragment)?.[1] ?? "";
  const [rest, query] = cut(scheme === "" ? beforeFragment : beforeFragment.slice(scheme.length + 1), "?");
  const hasAuthority = rest.startsWith("//");
  if (scheme === "" && !hasAuthority && /^[^/]*:/.test(rest)) return problem("first path segment in URL cannot contain colon");
  const [authority, path] = hasAuthority ? splitAt(rest.slice(2), rest.indexOf("/", 2) - 2) : ["", rest];
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  const port = /:([^:\]]*)$/.exec(host)?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) return problem(`invalid port ${quoteText(`:${port}`)} after host`);
  if (/[ <>"]/.test(host)) return problem(`invalid character ${quoteText(/[ <>"]/.exec(host)?.[0] ?? "")} in host name`);
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path + fragment)?.[0];
  if (escape !== undefined) return problem(`invalid URL escape ${quoteText(escape)}`);
  return { scheme: scheme.toLowerCase(), user: at < 0 ? undefined : authority.slice(0, at), host, path, query, fragment };
}

function cut(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}

function splitAt(text: string, index: number): [string, string] {
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index)];
}
