import { CelCompileError, type CelIssue } from "../errors.ts";
import { sizeOfText } from "../values/text.ts";

/** An issue at a code unit of the expression; no offset for one that concerns it as a whole. */
export interface LocatedIssue {
  readonly message: string;
  readonly offset: number | undefined;
}

const mostIssues = 100;
const longestSnippet = 16_384;

/** Issues in the order of the expression, each with its line and a marker below the place, as cel-go prints them. */
export function compileError(expression: string, located: readonly LocatedIssue[]): CelCompileError {
  const lines = expression === "" ? [] : expression.split("\n");
  const issues = located
    .slice(0, mostIssues)
    .map((issue) => locate(expression, issue))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const texts = issues.map((issue) => describe(issue, lines[issue.line - 1]));
  if (located.length > mostIssues) texts.push(`${located.length - mostIssues} more errors were truncated`);
  return new CelCompileError(texts.join("\n"), issues);
}

function locate(expression: string, { message, offset }: LocatedIssue): CelIssue {
  if (offset === undefined) return { message, line: -1, column: -1 };
  if (expression === "") return { message, line: 1, column: -1 };
  const before = expression.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { message, line: before.split("\n").length, column: sizeOfText(before.slice(lineStart)) };
}

function describe({ message, line, column }: CelIssue, text: string | undefined): string {
  const heading = `ERROR: <input>:${line}:${column + 1}: ${message}`;
  if (text === undefined || text.length > longestSnippet) return heading;
  const characters = Array.from(text.replaceAll("\t", " "));
  const marker = characters.slice(0, column).map((character) => (isWide(character) ? "．" : "."));
  const here = characters[column];
  return `${heading}\n | ${characters.join("")}\n | ${marker.join("")}${here !== undefined && isWide(here) ? "＾" : "^"}`;
}

/** Of more than one byte in UTF-8. */
function isWide(character: string): boolean {
  return (character.codePointAt(0) as number) > 0x7f;
}
