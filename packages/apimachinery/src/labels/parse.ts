import {
  checkedSelector,
  everythingSelector,
  SelectorError,
  type LabelOperator,
  type LabelRequirement,
  type Selector,
} from "./selector.ts";

interface Token {
  readonly kind: "identifier" | "end" | "symbol";
  readonly text: string;
}

const end: Token = { kind: "end", text: "" };
const operatorSymbols: Readonly<Record<string, LabelOperator>> = {
  in: "in",
  notin: "notin",
  "=": "=",
  "==": "==",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};
const longestSelector = 64 * 1024;

/**
 * Reads a label selector as kubectl and the query parameter `labelSelector` write it: `a=b,c!=d,e in (f,g),!h,i,j>3`.
 * Throws {@link SelectorError} with upstream's text.
 */
export function parseLabelSelector(text: string): Selector {
  if (text.trim() === "") return everythingSelector;
  if (text.length > longestSelector) throw new SelectorError("label selector is too long");
  try {
    return checkedSelector(new Parser(tokenize(text)).parse());
  } catch (error) {
    if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`);
    throw error;
  }
}

const tokenPattern = /\s+|==|!=|[=!(),<>]|[^\s=!(),<>]+/gy;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(tokenPattern)) {
    if (part.trim() === "") continue;
    const isSymbol = /^[=!(),<>]/.test(part) || part === "in" || part === "notin";
    tokens.push({ kind: isSymbol ? "symbol" : "identifier", text: part });
  }
  return tokens;
}

class Parser {
  private position = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      requirements.push(this.parseRequirement());
      const next = this.next();
      if (next.kind === "end") return requirements;
      if (next.text !== ",") throw unexpected(next, "',' or 'end of string'");
      const after = this.peek();
      if (after.kind !== "identifier" && after.text !== "!") throw unexpected(after, "identifier after ','");
    }
  }

  private parseRequirement(): LabelRequirement {
    let key = this.next();
    const isNegated = key.text === "!";
    if (isNegated) key = this.next();
    if (key.kind !== "identifier") throw unexpected(key, isNegated ? "identifier" : "!, identifier, or 'end of string'");
    if (isNegated) return { key: key.text, operator: "!", values: [] };
    const after = this.peek();
    if (after.kind === "end" || after.text === ",") return { key: key.text, operator: "exists", values: [] };
    this.next();
    const operator = after.kind === "symbol" ? operatorSymbols[after.text] : undefined;
    if (operator === undefined) throw unexpected(after, "in, notin, =, ==, !=, gt, lt");
    const values = operator === "in" || operator === "notin" ? this.parseList() : [this.parseValue()];
    return { key: key.text, operator, values };
  }

  private parseList(): string[] {
    const open = this.next();
    if (open.text !== "(") throw new SelectorError(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    for (;;) {
      const token = this.peek();
      values.add(isWord(token) ? this.next().text : "");
      const next = this.next();
      if (next.text === ")") return [...values];
      if (next.text !== ",") throw unexpected(next, "',', ')' or identifier");
    }
  }

  /** One value; it may be empty (`a=`). */
  private parseValue(): string {
    const token = this.peek();
    if (token.kind === "end" || token.text === ",") return "";
    this.next();
    if (!isWord(token)) throw unexpected(token, "identifier");
    return token.text;
  }

  private peek(): Token {
    return this.tokens[this.position] ?? end;
  }

  private next(): Token {
    const token = this.peek();
    this.position++;
    return token;
  }
}

/** Where a value stands, `in` and `notin` are values. */
function isWord(token: Token): boolean {
  return token.kind === "identifier" || token.text === "in" || token.text === "notin";
}

function unexpected(token: Token, expected: string): SelectorError {
  return new SelectorError(`found '${token.text}', expected: ${expected}`);
}
