/**
 * A second reading of a JSON text, for what `JSON.parse` does not tell: which fields occur twice, and an error message in the
 * words that Kubernetes clients know. It runs only when a request asks for strict decoding, or after `JSON.parse` has failed.
 */

/** The text is no JSON; the message is Go's. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

/** Findings beyond this number are dropped, as upstream does. */
const findingsLimit = 100;

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

/** Returns the paths of duplicate fields (`spec.containers[0].name`), each once. Throws {@link JsonSyntaxError}. */
export function scanJson(text: string, maxDepth: number): string[] {
  const scanner = new Scanner(text, maxDepth);
  scanner.scan();
  return [...scanner.duplicates];
}

class Scanner {
  readonly duplicates = new Set<string>();
  private readonly text: string;
  private readonly maxDepth: number;
  private readonly path: (string | number)[] = [];
  private position = 0;

  constructor(text: string, maxDepth: number) {
    this.text = text;
    this.maxDepth = maxDepth;
  }

  scan(): void {
    this.skipSpace();
    this.value("looking for beginning of value");
    this.skipSpace();
    if (this.position < this.text.length) this.fail("after top-level value");
  }

  private value(expectation: string): void {
    const code = this.text.charCodeAt(this.position);
    if (code === openBrace) this.object();
    else if (code === openBracket) this.array();
    else if (code === quote) this.string();
    else this.scalar(expectation);
  }

  private object(): void {
    this.enter();
    const seen = new Set<string>();
    const depth = this.path.length;
    this.skipSpace();
    if (this.take(closeBrace)) return;
    for (;;) {
      if (this.text.charCodeAt(this.position) !== quote) this.fail("looking for beginning of object key string");
      const key = this.string();
      this.path[depth] = key;
      if (seen.has(key)) this.report();
      seen.add(key);
      this.skipSpace();
      if (!this.take(colon)) this.fail("after object key");
      this.skipSpace();
      this.value("looking for beginning of value");
      this.path.length = depth;
      this.skipSpace();
      if (this.take(closeBrace)) return;
      if (!this.take(comma)) this.fail("after object key:value pair");
      this.skipSpace();
    }
  }

  private array(): void {
    this.enter();
    const depth = this.path.length;
    this.skipSpace();
    if (this.take(closeBracket)) return;
    for (let index = 0; ; index++) {
      this.path[depth] = index;
      this.value("looking for beginning of value");
      this.path.length = depth;
      this.skipSpace();
      if (this.take(closeBracket)) return;
      if (!this.take(comma)) this.fail("after array element");
      this.skipSpace();
    }
  }

  private enter(): void {
    this.position++;
    if (this.path.length >= this.maxDepth) throw new JsonSyntaxError("exceeded max depth");
  }

  private string(): string {
    const start = this.position++;
    let hasEscape = false;
    for (;;) {
      const code = this.text.charCodeAt(this.position);
      if (code === quote) break;
      if (Number.isNaN(code) || code < 0x20) this.fail("in string literal");
      if (code === backslash) {
        hasEscape = true;
        this.escape();
      } else {
        this.position++;
      }
    }
    this.position++;
    const raw = this.text.slice(start + 1, this.position - 1);
    return hasEscape ? (JSON.parse(`"${raw}"`) as string) : raw;
  }

  private escape(): void {
    this.position++;
    const code = this.text[this.position];
    if (code === undefined || !'"\\/bfnrtu'.includes(code)) this.fail("in string escape code");
    this.position++;
    if (code !== "u") return;
    for (let digit = 0; digit < 4; digit++, this.position++) {
      if (!/[0-9a-fA-F]/.test(this.text[this.position] ?? "")) this.fail("in \\u hexadecimal character escape");
    }
  }

  private scalar(expectation: string): void {
    const pattern = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) this.failInScalar(expectation);
    else this.position += match[0].length;
  }

  private failInScalar(expectation: string): never {
    for (const literal of ["true", "false", "null"]) {
      if (this.text[this.position] !== literal[0]) continue;
      let matched = 1;
      while (this.text[this.position + matched] === literal[matched]) matched++;
      this.position += matched;
      this.fail(`in literal ${literal} (expecting '${literal[matched]}')`);
    }
    if (this.text[this.position] === "-") {
      this.position++;
      this.fail("in numeric literal");
    }
    this.fail(expectation);
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.position++;
    }
  }

  private take(code: number): boolean {
    if (this.text.charCodeAt(this.position) !== code) return false;
    this.position++;
    return true;
  }

  private report(): void {
    if (this.duplicates.size >= findingsLimit) return;
    let text = "";
    for (const step of this.path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
    this.duplicates.add(text);
  }

  private fail(where: string): never {
    const character = String.fromCodePoint(this.text.codePointAt(this.position) ?? 0);
    if (this.position >= this.text.length) throw new JsonSyntaxError("unexpected end of JSON input");
    throw new JsonSyntaxError(`invalid character ${quoteCharacter(character)} ${where}`);
  }
}

function quoteCharacter(character: string): string {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}
