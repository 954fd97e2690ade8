/** The text or bytes that a string token stands for. */

const simple: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const sequence = /\\(?:([xX])([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]))/g;

/** Splits off the prefix and the quotes. */
function body(token: string): { text: string; isRaw: boolean } {
  const isRaw = /^[rR]/.test(token);
  const quoted = isRaw ? token.slice(1) : token;
  const quotes = quoted.length >= 6 && (quoted.startsWith('"""') || quoted.startsWith("'''")) ? 3 : 1;
  return { text: quoted.slice(quotes, quoted.length - quotes), isRaw };
}

/** @throws {Error} in cel-go's words, for code points that do not exist. */
export function unescapeString(token: string): string {
  const { text, isRaw } = body(token);
  if (isRaw || !text.includes("\\")) return text;
  return text.replaceAll(sequence, (...groups) => {
    const [, , hex, short, long, octal, other] = groups as (string | undefined)[];
    if (other !== undefined) return simple[other] ?? other;
    const digits = hex ?? short ?? long;
    const code = digits === undefined ? Number.parseInt(octal as string, 8) : Number.parseInt(digits, 16);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Error("invalid unicode code point");
    return String.fromCodePoint(code);
  });
}

/** `token` is without the leading `b`. @throws {Error} for escapes that bytes do not have. */
export function unescapeBytes(token: string): Uint8Array {
  const { text, isRaw } = body(token);
  const encoder = new TextEncoder();
  if (isRaw || !text.includes("\\")) return encoder.encode(text);
  const bytes: number[] = [];
  let rest = 0;
  for (const match of text.matchAll(sequence)) {
    const [whole, , hex, short, long, octal, other] = match;
    if (short !== undefined || long !== undefined) throw new Error("unable to unescape string");
    bytes.push(...encoder.encode(text.slice(rest, match.index)));
    if (other !== undefined) bytes.push(...encoder.encode(simple[other] ?? other));
    else bytes.push(hex === undefined ? Number.parseInt(octal as string, 8) : Number.parseInt(hex, 16));
    rest = match.index + whole.length;
  }
  bytes.push(...encoder.encode(text.slice(rest)));
  return new Uint8Array(bytes);
}
