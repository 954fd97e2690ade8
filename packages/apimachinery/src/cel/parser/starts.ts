import type { TokenStream } from "./token-stream.ts";
import type { Token } from "./token.ts";

/** In the order of the grammar's token types, in which messages list them. */
const symbols = ["[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?"];
const starting = new Set(["[", "{", "(", ".", "-", "!"]);
const others = ["'true'", "'false'", "'null'", "NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER"];

/** What an expression may start with, as a message lists it. `more` are the symbols that are allowed as well. */
export function expressionStarts(more: readonly string[] = []): string {
  const allowed = symbols.filter((symbol) => starting.has(symbol) || more.includes(symbol));
  return `{${[...allowed.map((symbol) => `'${symbol}'`), ...others].join(", ")}}`;
}

/** Whether an expression may start with this token. */
export function isStart(token: Token): boolean {
  if (token.kind === "symbol") return starting.has(token.text);
  return token.kind !== "eof" && token.kind !== "escaped" && token.text !== "in";
}

/** Skips one wrong token if an expression follows it, and stops if none does. */
export function requireStart(tokens: TokenStream, more: readonly string[] = []): void {
  const token = tokens.peek();
  if (isStart(token) || (token.kind === "symbol" && more.includes(token.text))) return;
  const next = tokens.peek(1);
  const canSkip = isStart(next) || (next.kind === "symbol" && more.includes(next.text));
  if (token.kind === "eof" || !canSkip) tokens.fail(`mismatched input '${token.text}' expecting ${expressionStarts(more)}`, token);
  tokens.report(`Syntax error: extraneous input '${token.text}' expecting ${expressionStarts(more)}`, token.offset);
  tokens.next();
}
