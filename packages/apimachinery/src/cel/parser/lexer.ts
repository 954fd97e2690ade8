import type { LocatedIssue } from "./source.ts";
import { keywords, type Token, type TokenKind } from "./token.ts";

const escape = String.raw`\\(?:[abfnrtv"'\\?${"`"}]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`;
const quoted = [
  `"""(?:${escape}|[^\\\\])*?"""`,
  `'''(?:${escape}|[^\\\\])*?'''`,
  `"(?:${escape}|[^\\\\"\\n\\r])*"`,
  `'(?:${escape}|[^\\\\'\\n\\r])*'`,
].join("|");
const raw = [`[rR]"""[^]*?"""`, `[rR]'''[^]*?'''`, `[rR]"[^"\\n\\r]*"`, `[rR]'[^'\\n\\r]*'`].join("|");

/** In the order of trial: a longer token must come before one that it starts with. */
const rules: readonly (readonly [TokenKind | "skip", string])[] = [
  ["skip", String.raw`[\t \r\n\f]+|//[^\n]*`],
  ["bytes", `[bB](?:${raw}|${quoted})`],
  ["string", `${raw}|${quoted}`],
  ["double", String.raw`[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?`],
  ["uint", "0x[0-9a-fA-F]+[uU]|[0-9]+[uU]"],
  ["int", "0x[0-9a-fA-F]+|[0-9]+"],
  ["ident", "[A-Za-z_][A-Za-z0-9_]*"],
  ["escaped", "`[A-Za-z0-9_./ -]+`"],
  ["symbol", String.raw`==|!=|<=|>=|&&|\|\||[<>\[\]{}().,\-!?:+*/%]`],
];
const pattern = rules.map(([kind, source]) => ({ kind, regexp: new RegExp(source, "y") }));

/**
 * The tokens of an expression, the last one being `<EOF>`. What is no token is reported and skipped, so that the parser can tell what else
 * is wrong. Takes time in proportion to the length.
 */
export function tokenize(expression: string, issues: LocatedIssue[]): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < expression.length) {
    const found = tokenAt(expression, offset);
    if (found === undefined) {
      const wrong = unrecognized(expression, offset);
      issues.push({ message: `Syntax error: token recognition error at: '${wrong}'`, offset });
      offset += wrong.length;
      continue;
    }
    if (found.kind !== "skip") tokens.push({ kind: found.kind, text: found.text, offset });
    offset += found.text.length;
  }
  tokens.push({ kind: "eof", text: "<EOF>", offset: expression.length });
  return tokens;
}

function tokenAt(expression: string, offset: number): { kind: TokenKind | "skip"; text: string } | undefined {
  for (const { kind, regexp } of pattern) {
    regexp.lastIndex = offset;
    const text = regexp.exec(expression)?.[0];
    if (text !== undefined) return { kind: kind === "ident" && keywords.has(text) ? "keyword" : kind, text };
  }
  return undefined;
}

/** A lone character, or a string that does not end where it should. */
function unrecognized(expression: string, offset: number): string {
  const quote = expression[offset];
  if (quote === '"' || quote === "'") {
    const body = new RegExp(`(?:${escape}|[^\\\\\\n\\r])*`, "y");
    body.lastIndex = offset + 1;
    const text = body.exec(expression)?.[0] ?? "";
    const next = expression[offset + 1 + text.length];
    // The character that broke the token is part of the message.
    return (
      quote + text + (next === undefined ? "" : next === "\\" ? expression.slice(offset + 1 + text.length, offset + 3 + text.length) : next)
    );
  }
  if (quote === "&" || quote === "|" || quote === "=") return expression.slice(offset, offset + 2);
  return String.fromCodePoint(expression.codePointAt(offset) as number);
}
