import type { LocatedIssue } from "./source.ts";
import type { Token } from "./token.ts";

/** Thrown when parsing cannot go on; the issue is already recorded. */
export class SyntaxStop extends Error {
  override readonly name = "SyntaxStop";
}

/** Looks along the tokens, and says what is wrong in the words of the grammar that cel-go is generated from. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #issues: LocatedIssue[];
  #position = 0;

  constructor(tokens: readonly Token[], issues: LocatedIssue[]) {
    this.#tokens = tokens;
    this.#issues = issues;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#position + ahead, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== "eof") this.#position++;
    return token;
  }

  /** Whether the next token is this symbol or keyword. */
  at(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text && (token.kind === "symbol" || token.kind === "keyword");
  }

  /** Takes the next token if it is this symbol. */
  accept(text: string): Token | undefined {
    return this.at(text) ? this.next() : undefined;
  }

  /** Takes this symbol; one that is only forgotten is reported and taken to be there. */
  expect(text: string, { alternatives = [], canBeMissing = false }: Expectation = {}): Token {
    if (this.at(text)) return this.next();
    const token = this.peek();
    const list = oneOf([text, ...alternatives].map((symbol) => `'${symbol}'`));
    if (token.kind !== "eof" && this.at(text, 1)) {
      this.report(`Syntax error: extraneous input '${token.text}' expecting ${list}`, token.offset);
      this.next();
      return this.next();
    }
    if (!canBeMissing || (text === ":" && token.kind === "eof"))
      return this.fail(`mismatched input '${token.text}' expecting ${list}`, token);
    this.report(`Syntax error: missing '${text}' at '${token.text}'`, token.offset);
    return { kind: "symbol", text, offset: token.offset };
  }

  /** Records an issue at a token and stops. */
  fail(message: string, token: Token = this.peek()): never {
    this.report(`Syntax error: ${message}`, token.offset);
    throw new SyntaxStop(message);
  }

  report(message: string, offset: number | undefined): void {
    this.#issues.push({ message, offset });
  }
}

interface Expectation {
  /** What else the grammar allows here. */
  readonly alternatives?: readonly string[];
  /** Whether parsing can go on as if the symbol were there. */
  readonly canBeMissing?: boolean;
}

function oneOf(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : `{${names.join(", ")}}`;
}
