import type { Node, StructField, StructNode } from "./ast.ts";
import { heightOf } from "./height.ts";
import type { Parser } from "./parser.ts";
import { isStart, requireStart } from "./starts.ts";
import type { Token, TokenKind } from "./token.ts";

const literalKinds: ReadonlySet<TokenKind> = new Set(["int", "uint", "double", "string", "bytes"]);

/** Literals, names, calls, lists, maps, messages and what is in parentheses. */
export function parsePrimary(parser: Parser): Node {
  const { tokens } = parser;
  requireStart(tokens);
  const token = tokens.peek();
  if (literalKinds.has(token.kind) || (token.kind === "keyword" && token.text !== "in")) return parser.literal(tokens.next(), undefined);
  if (token.kind === "ident") return named(parser, undefined);
  switch (token.kind === "symbol" ? token.text : "") {
    case "-":
      return negative(parser);
    case "(":
      return parenthesized(parser);
    case "[":
      return list(parser);
    case "{":
      return map(parser);
    case ".":
      tokens.next();
      if (tokens.peek().kind !== "ident") tokens.fail(`no viable alternative at input '.${tokens.peek().text.replace("<EOF>", "")}'`);
      return named(parser, token);
    default:
      return tokens.fail(`no viable alternative at input '${token.text}'`, token);
  }
}

/** A number with its sign. Where a wrong token was skipped, anything may follow the sign. */
function negative(parser: Parser): Node {
  const sign = parser.tokens.next();
  const { kind, text } = parser.tokens.peek();
  if (kind !== "int" && kind !== "double") parser.tokens.fail(`no viable alternative at input '-${kind === "eof" ? "" : text}'`);
  return parser.literal(parser.tokens.next(), sign);
}

function parenthesized(parser: Parser): Node {
  parser.tokens.next();
  const node = parser.expr();
  parser.tokens.expect(")", { canBeMissing: true });
  return node;
}

function named(parser: Parser, dot: Token | undefined): Node {
  const { tokens } = parser;
  const name = tokens.next();
  const prefix = dot === undefined ? "" : ".";
  const start = (dot ?? name).offset;
  if (isMessage(parser)) return message(parser, prefix + name.text);
  parser.checkReserved(name, start);
  const open = tokens.accept("(");
  if (open !== undefined) return parser.call(prefix + name.text, open.offset, parser.args());
  return { kind: "ident", name: prefix + name.text, offset: name.offset, height: 0 };
}

/** Whether `.b.c{` follows: then this is the name of a message and not a selection. */
function isMessage({ tokens }: Parser): boolean {
  let ahead = 0;
  while (tokens.at(".", ahead) && tokens.peek(ahead + 1).kind === "ident") ahead += 2;
  return tokens.at("{", ahead);
}

function message(parser: Parser, first: string): Node {
  const { tokens } = parser;
  let typeName = first;
  while (tokens.accept(".") !== undefined) typeName += `.${tokens.next().text}`;
  const open = tokens.next();
  const fields: StructField[] = [];
  separated(parser, "}", () => {
    const isOptional = tokens.accept("?") !== undefined;
    requireField(parser, isOptional);
    const name = parser.identifier();
    const colon = tokens.expect(":", { canBeMissing: true });
    fields.push({ name: name.text, value: parser.expr(), isOptional, offset: colon.offset });
  });
  const node: StructNode = { kind: "struct", typeName, fields, offset: open.offset, height: heightOf(fields.map(({ value }) => value)) };
  return node;
}

function list(parser: Parser): Node {
  const { tokens } = parser;
  const open = tokens.next();
  const elements: { value: Node; isOptional: boolean }[] = [];
  requireStart(tokens, ["]", ",", "?"]);
  separated(parser, "]", () => {
    const isOptional = tokens.accept("?") !== undefined;
    elements.push({ value: parser.expr(), isOptional });
  });
  return { kind: "list", elements, offset: open.offset, height: heightOf(elements.map(({ value }) => value)) };
}

function map(parser: Parser): Node {
  const { tokens } = parser;
  const open = tokens.next();
  const entries: { key: Node; value: Node; isOptional: boolean }[] = [];
  requireStart(tokens, ["}", ",", "?"]);
  separated(parser, "}", () => {
    const isOptional = tokens.accept("?") !== undefined;
    const key = parser.expr();
    tokens.expect(":", { canBeMissing: true });
    entries.push({ key, value: parser.expr(), isOptional });
  });
  return { kind: "map", entries, offset: open.offset, height: heightOf(entries.flatMap(({ key, value }) => [key, value])) };
}

/** Items up to the closing symbol, with commas between them and perhaps one at the end; a lone comma is allowed too. */
function separated(parser: Parser, close: string, item: () => void): void {
  const { tokens } = parser;
  if (tokens.at(",")) {
    tokens.next();
    tokens.expect(close);
    return;
  }
  if (tokens.accept(close) !== undefined) return;
  item();
  for (;;) {
    if (tokens.accept(",") === undefined) {
      tokens.expect(close, { alternatives: [","] });
      return;
    }
    const isItem = isStart(tokens.peek()) || tokens.at("?");
    if (!isItem) {
      tokens.expect(close);
      return;
    }
    item();
  }
}

function requireField({ tokens }: Parser, isOptional: boolean): void {
  const token = tokens.peek();
  if (isOptional || token.kind === "ident" || token.kind === "escaped") return;
  tokens.fail(`mismatched input '${token.text}' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}`, token);
}
