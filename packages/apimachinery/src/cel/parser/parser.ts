import type { CelExtension } from "../environment.ts";
import { celLimits } from "../limits.ts";
import { integer, isInt64 } from "../values/integers.ts";
import { CelDouble, CelUint, type CelValue } from "../values/value.ts";
import { sizeOfText } from "../values/text.ts";
import type { CallNode, Node } from "./ast.ts";
import { heightOf } from "./height.ts";
import { tokenize } from "./lexer.ts";
import { expandMacro, MacroError } from "./macros.ts";
import { additions, multiplications, operators, relations } from "./operators.ts";
import { parsePrimary } from "./primary.ts";
import { compileError, type LocatedIssue } from "./source.ts";
import { expressionStarts, requireStart } from "./starts.ts";
import { SyntaxStop, TokenStream } from "./token-stream.ts";
import { reservedWords, type Token } from "./token.ts";
import { unescapeBytes, unescapeString } from "./unescape.ts";

/** The rules of the grammar that may nest, each with its own limit on depth. */
type Rule = "expr" | "relation" | "calc";

/**
 * Parses an expression, macros expanded.
 * @throws {CelCompileError} with every issue found
 */
export function parse(expression: string, extensions: ReadonlySet<CelExtension>): Node {
  const size = sizeOfText(expression);
  if (size > celLimits.expressionLength)
    throw compileError(expression, [
      {
        message: `expression code point size exceeds limit: size: ${size}, limit ${celLimits.expressionLength}`,
        offset: undefined,
      },
    ]);
  const issues: LocatedIssue[] = [];
  const root = new Parser(expression, extensions, issues).parse();
  if (issues.length > 0 || root === undefined) throw compileError(expression, issues);
  return root;
}

/** A recursive-descent parser: one method for each rule of the grammar. */
export class Parser {
  readonly tokens: TokenStream;
  readonly #extensions: ReadonlySet<CelExtension>;
  readonly #depths: Record<Rule, number> = { expr: 0, relation: 0, calc: 0 };

  constructor(expression: string, extensions: ReadonlySet<CelExtension>, issues: LocatedIssue[]) {
    this.tokens = new TokenStream(tokenize(expression, issues), issues);
    this.#extensions = extensions;
  }

  parse(): Node | undefined {
    try {
      const root = this.expr();
      const rest = this.tokens.peek();
      if (rest.kind !== "eof") this.tokens.fail(`${this.#extraneous()} '${rest.text}' expecting <EOF>`, rest);
      return root;
    } catch (error) {
      if (error instanceof SyntaxStop) return undefined;
      throw error;
    }
  }

  /** A lone token before the end is one too many; more of them are a mismatch. */
  #extraneous(): string {
    return this.tokens.peek(1).kind === "eof" ? "extraneous input" : "mismatched input";
  }

  /** `or ? or : expr` */
  expr(): Node {
    return this.#nested("expr", () => this.#orConditional());
  }

  #nested(rule: Rule, parse: () => Node): Node {
    if (++this.#depths[rule] > celLimits.expressionDepth)
      this.#tooDeep(`expression recursion limit exceeded: ${celLimits.expressionDepth}`);
    const node = parse();
    this.#depths[rule]--;
    return node;
  }

  #orConditional(): Node {
    const condition = this.#balanced("||", operators.or, () => this.#balanced("&&", operators.and, () => this.#relation()));
    const question = this.tokens.accept("?");
    return question === undefined ? condition : this.#conditional(condition, question);
  }

  #conditional(condition: Node, question: Token): Node {
    const whenTrue = this.#balanced("||", operators.or, () => this.#balanced("&&", operators.and, () => this.#relation()));
    this.tokens.expect(":");
    const whenFalse = this.expr();
    return this.call(operators.conditional, question.offset, [condition, whenTrue, whenFalse]);
  }

  /** A chain of `&&` or `||` as a tree of little depth. */
  #balanced(symbol: string, name: string, operand: () => Node): Node {
    const terms = [operand()];
    const offsets: number[] = [];
    for (let token = this.tokens.accept(symbol); token !== undefined; token = this.tokens.accept(symbol)) {
      offsets.push(token.offset);
      terms.push(operand());
    }
    const tree = (low: number, high: number): Node => {
      const middle = Math.floor((low + high + 1) / 2);
      const left = middle === low ? (terms[middle] as Node) : tree(low, middle - 1);
      const right = middle === high ? (terms[middle + 1] as Node) : tree(middle + 1, high);
      const args = [left, right];
      return { kind: "call", function: name, target: undefined, args, offset: offsets[middle] as number, height: heightOf(args) };
    };
    return offsets.length === 0 ? (terms[0] as Node) : tree(0, offsets.length - 1);
  }

  #relation(): Node {
    return this.#nested("relation", () => this.#leftAssociative("relation", relations, () => this.#calc()));
  }

  #calc(): Node {
    const product = (): Node => this.#leftAssociative("calc", multiplications, () => this.#unary());
    return this.#nested("calc", () => this.#leftAssociative("calc", additions, product));
  }

  #leftAssociative(rule: Rule, names: Readonly<Record<string, string>>, operand: () => Node): Node {
    let left = operand();
    for (let token = this.tokens.peek(); Object.hasOwn(names, token.text) && isOperator(token); token = this.tokens.peek()) {
      this.tokens.next();
      left = this.call(names[token.text] as string, token.offset, [left, this.#nested(rule, operand)]);
    }
    return left;
  }

  #unary(): Node {
    const first = this.tokens.peek();
    const symbol = first.text;
    if (first.kind !== "symbol" || (symbol !== "!" && symbol !== "-")) return this.#member();
    if (symbol === "-" && isNumber(this.tokens.peek(1))) return this.#member();
    let count = 0;
    while (this.tokens.accept(symbol) !== undefined) count++;
    if (this.tokens.peek().kind === "eof") this.#noOperand(symbol);
    const operand = this.#member();
    if (count % 2 === 0) return operand;
    return this.call(symbol === "!" ? operators.not : operators.negate, first.offset, [operand]);
  }

  #noOperand(symbol: string): never {
    if (symbol === "!") return this.tokens.fail(`extraneous input '<EOF>' expecting ${expressionStarts()}`);
    this.tokens.report("Syntax error: no viable alternative at input '-'", this.tokens.peek().offset);
    return this.tokens.fail(`mismatched input '<EOF>' expecting ${expressionStarts()}`);
  }

  #member(): Node {
    let node = parsePrimary(this);
    for (;;) {
      const dot = this.tokens.accept(".");
      const bracket = dot === undefined ? this.tokens.accept("[") : undefined;
      if (dot === undefined && bracket === undefined) break;
      node = dot === undefined ? this.#index(node, bracket as Token) : this.#select(node, dot);
    }
    return node;
  }

  #select(operand: Node, dot: Token): Node {
    const isOptional = this.tokens.accept("?") !== undefined;
    const name = this.identifier();
    if (!isOptional && this.tokens.at("(") && name.kind === "ident") {
      const open = this.tokens.next();
      return this.call(name.text, open.offset, this.args(), operand);
    }
    if (isOptional) {
      const field: Node = { kind: "literal", value: name.text, offset: name.offset, height: 0 };
      return this.#plainCall(operators.optSelect, dot.offset, [operand, field]);
    }
    return { kind: "select", operand, field: name.text, isTest: false, offset: dot.offset, height: this.#higher([operand]) };
  }

  /** The name of a field. */
  identifier(): Token {
    const token = this.tokens.peek();
    if (token.kind === "escaped") {
      this.tokens.report("unsupported syntax: '`'", token.offset);
      return this.tokens.next();
    }
    if (token.kind !== "ident") this.#noIdentifier(token);
    return this.tokens.next();
  }

  #noIdentifier(token: Token): never {
    const isWord = token.kind === "keyword" && token.text !== "in";
    return isWord
      ? this.tokens.fail(`mismatched input '${token.text}' expecting IDENTIFIER`, token)
      : this.tokens.fail(`no viable alternative at input '.${token.text === "<EOF>" ? "" : token.text}'`, token);
  }

  #index(target: Node, bracket: Token): Node {
    const isOptional = this.tokens.accept("?") !== undefined;
    requireStart(this.tokens, isOptional ? [] : ["?"]);
    const index = this.expr();
    this.tokens.expect("]", { canBeMissing: true });
    return this.#plainCall(isOptional ? operators.optIndex : operators.index, bracket.offset, [target, index]);
  }

  /** Arguments up to the closing parenthesis. */
  args(): Node[] {
    const args: Node[] = [];
    if (this.tokens.accept(")") !== undefined) return args;
    requireStart(this.tokens, [")"]);
    if (this.tokens.accept(")") !== undefined) return args;
    do args.push(this.expr());
    while (this.tokens.accept(",") !== undefined);
    this.tokens.expect(")", { canBeMissing: true });
    return args;
  }

  /** A call, or what a macro makes of it. */
  call(name: string, offset: number, args: readonly Node[], target?: Node): Node {
    const call = this.#plainCall(name, offset, args, target);
    try {
      return expandMacro(call, this.#extensions) ?? call;
    } catch (error) {
      if (!(error instanceof MacroError)) throw error;
      this.tokens.report(error.message, error.offset);
      return call;
    }
  }

  #plainCall(name: string, offset: number, args: readonly Node[], target?: Node): CallNode {
    const parts = target === undefined ? args : [target, ...args];
    return { kind: "call", function: name, target, args, offset, height: this.#higher(parts) };
  }

  #higher(parts: readonly Node[]): number {
    const height = heightOf(parts) + 1;
    if (height > celLimits.expressionDepth) this.#tooDeep("max recursion depth exceeded");
    return height;
  }

  #tooDeep(message: string): never {
    this.tokens.report(message, undefined);
    throw new SyntaxStop(message);
  }

  /** A variable's or function's name. */
  checkReserved(name: Token, offset: number): void {
    if (reservedWords.has(name.text)) this.tokens.report(`reserved identifier: ${name.text}`, offset);
  }

  /** The value of a literal; `sign` is a minus before it. */
  literal(token: Token, sign: Token | undefined): Node {
    const offset = (sign ?? token).offset;
    return { kind: "literal", value: this.#literalValue(token, sign === undefined ? "" : "-", offset), offset, height: 0 };
  }

  #literalValue(token: Token, sign: string, offset: number): CelValue {
    const { kind, text } = token;
    try {
      if (kind === "string") return unescapeString(text);
      if (kind === "bytes") return unescapeBytes(text.slice(1));
    } catch (error) {
      this.tokens.report((error as Error).message, offset);
      return "";
    }
    if (kind === "keyword") return text === "null" ? null : text === "true";
    if (kind === "double") return this.#double(Number(sign + text), offset);
    const value = BigInt(kind === "uint" ? text.slice(0, -1) : text);
    if (kind === "uint") {
      if (value >= 2n ** 64n) this.tokens.report("invalid uint literal", offset);
      return new CelUint(value);
    }
    const signed = sign === "" ? value : -value;
    if (!isInt64(signed)) this.tokens.report("invalid int literal", offset);
    return integer(signed);
  }

  #double(value: number, offset: number): CelDouble {
    if (!Number.isFinite(value)) this.tokens.report("invalid double literal", offset);
    return new CelDouble(value);
  }
}

function isOperator(token: Token): boolean {
  return token.kind === "symbol" || token.kind === "keyword";
}

function isNumber(token: Token): boolean {
  return token.kind === "int" || token.kind === "double";
}
