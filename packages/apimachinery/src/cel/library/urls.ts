import { celTypes } from "../types/types.ts";
import { ArrayList } from "../values/list.ts";
import { CollectingMap } from "../values/map.ts";
import { CelOpaque } from "../values/opaque.ts";
import { CelFailure, type Evaluated } from "../values/value.ts";
import { declare, method, overload, type FunctionDeclaration } from "./declaration.ts";
import { escapedPath, hostNameOf, parseQuery, parseUrl, portOf, UrlError, type Url } from "./parse-url.ts";
import { bool, string, strings } from "./signatures.ts";

type UrlValue = CelOpaque<Url>;
const urlType = celTypes.url;

function toUrl(text: string): Evaluated {
  try {
    const url = parseUrl(text);
    return new CelOpaque(urlType, url, { key: JSON.stringify(url) });
  } catch (error) {
    if (error instanceof UrlError) return new CelFailure(`URL parse error during conversion from string: ${error.message}`);
    throw error;
  }
}

function query({ value }: UrlValue): Evaluated {
  const map = new CollectingMap();
  for (const [key, values] of parseQuery(value.query)) map.set(key, new ArrayList(values));
  return map.finish();
}

/** Absolute URLs, or absolute paths. */
export const urls: readonly FunctionDeclaration[] = [
  declare("url", overload("string_to_url", [string], urlType, toUrl)),
  declare(
    "getScheme",
    method("url_get_scheme", [urlType], string, ({ value }: UrlValue) => value.scheme),
  ),
  declare(
    "getHost",
    method("url_get_host", [urlType], string, ({ value }: UrlValue) => value.host),
  ),
  declare(
    "getHostname",
    method("url_get_hostname", [urlType], string, ({ value }: UrlValue) => hostNameOf(value.host)),
  ),
  declare(
    "getPort",
    method("url_get_port", [urlType], string, ({ value }: UrlValue) => portOf(value.host)),
  ),
  declare(
    "getEscapedPath",
    method("url_get_escaped_path", [urlType], string, ({ value }: UrlValue) => escapedPath(value.path)),
  ),
  declare("getQuery", method("url_get_query", [urlType], celTypes.map(string, strings), query)),
  declare(
    "isURL",
    overload("is_url_string", [string], bool, (text: string) => !(toUrl(text) instanceof CelFailure)),
  ),
];
