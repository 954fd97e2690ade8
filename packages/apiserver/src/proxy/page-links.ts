/** Attributes that hold a URL, by element; HTML 4 and 5. */
const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  video: ["poster", "src"],
};
/** Elements whose content is text, whatever it looks like. */
const rawText = new Set(["script", "style", "textarea", "title"]);

/** A site behind a proxy. */
export interface ProxiedSite {
  /** The path under which its root is found: `/api/v1/namespaces/a/services/b/proxy`. */
  readonly prefix: string;
  /** By which it was asked, `10.0.0.1:80`. */
  readonly targetHost: string;
  /** By which the client asked us. */
  readonly requestHost: string;
}

/** Leads a link of the site through the proxy; relative ones and those to other sites stay as they are. */
export function rewriteLink(link: string, { prefix, targetHost, requestHost }: ProxiedSite): string {
  const [, origin = "", host, path = ""] = /^((?:[a-z][a-z\d+.-]*:)?\/\/([^/?#]*))?([^]*)$/i.exec(link) ?? [];
  const isElsewhere = host !== undefined && host !== targetHost && host !== requestHost;
  if (isElsewhere || !path.startsWith("/")) return link;
  const kept = host === requestHost ? origin : "";
  return path.startsWith(prefix) ? `${kept}${path}` : `${kept}${prefix}${path}`;
}

/** Leads the links of a page through the proxy. Takes time in proportion to the page, however broken it is. */
export function rewriteLinks(html: string, site: ProxiedSite): string {
  const pieces: string[] = [];
  let copied = 0;
  const replace = (start: number, end: number): void => {
    const link = html.slice(start, end);
    const rewritten = rewriteLink(link, site);
    if (rewritten === link) return;
    pieces.push(html.slice(copied, start), rewritten);
    copied = end;
  };
  for (let at = html.indexOf("<"); at >= 0;) {
    const end = html.startsWith("<!--", at) ? endOfComment(html, at) : endOfTag(html, at, replace);
    // What has no end is no markup; nothing after it is either.
    if (end === undefined) break;
    at = html.indexOf("<", end);
  }
  return pieces.length === 0 ? html : pieces.join("") + html.slice(copied);
}

function endOfComment(html: string, start: number): number | undefined {
  const end = html.indexOf("-->", start + 4);
  return end < 0 ? undefined : end + 3;
}

/** Calls `onLink` for the place of each URL in the tag at `start`. */
function endOfTag(html: string, start: number, onLink: (start: number, end: number) => void): number | undefined {
  const name = matchAt(/<([a-z][^\s/>]*)/iy, html, start)?.[1]?.toLowerCase();
  if (name === undefined) return start + 1;
  const wanted = urlAttributes[name] ?? [];
  let at = start + 1 + name.length;
  for (;;) {
    at += matchAt(/[\s/]*/y, html, at)?.[0].length ?? 0;
    if (at >= html.length) return undefined;
    if (html[at] === ">") break;
    const attribute = matchAt(/=?[^\s=>/]*/y, html, at)?.[0] ?? "";
    at += attribute.length;
    const equals = matchAt(/\s*=\s*/y, html, at)?.[0];
    if (equals === undefined) continue;
    at += equals.length;
    const value = valueAt(html, at);
    if (value === undefined) return undefined;
    if (wanted.includes(attribute.toLowerCase())) onLink(value.start, value.end);
    at = value.next;
  }
  return rawText.has(name) ? endOfRawText(html, at + 1, name) : at + 1;
}

function valueAt(html: string, start: number): { start: number; end: number; next: number } | undefined {
  const quote = html[start];
  if (quote === '"' || quote === "'") {
    const end = html.indexOf(quote, start + 1);
    return end < 0 ? undefined : { start: start + 1, end, next: end + 1 };
  }
  const end = start + (matchAt(/[^\s>]*/y, html, start)?.[0].length ?? 0);
  return { start, end, next: end };
}

function endOfRawText(html: string, start: number, name: string): number | undefined {
  const close = new RegExp(`</${name}`, "gi");
  close.lastIndex = start;
  return close.exec(html)?.index;
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(text);
}
