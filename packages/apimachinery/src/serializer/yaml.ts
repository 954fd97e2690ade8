import type { Lexer, Parser } from "yaml";

import { isPlainObject, setField } from "../meta/deep.ts";
import { JsonSyntaxError } from "./json-scan.ts";

export interface DecodedYaml {
  readonly value: unknown;
  /** Keys that occur twice in one map: `line 5: key "name" already set in map`. */
  readonly duplicateKeys: readonly string[];
}

/**
 * How deep a document may nest. The composer recurses, and a stack that ends inside it can end the process: V8 aborts when a regular
 * expression is compiled for the first time with no stack left. The deepest custom resource definitions nest some sixty levels.
 */
const depthLimit = 256;

/** How many values a document with anchors may grow to: ample for people, too little for a bomb. */
const expandedLimit = 100_000;

/**
 * Reads one YAML document as the Go library of Kubernetes does: YAML 1.1 booleans (`yes`, `on`) and octals (`0644`), merge
 * keys, but timestamps and base-60 numbers stay strings. An empty document is null. Throws {@link JsonSyntaxError}.
 */
export async function decodeYaml(text: string): Promise<DecodedYaml> {
  // Loaded at first use: most requests are JSON, and the parser is the largest thing here.
  const { isScalar, Lexer, LineCounter, parseDocument, Parser, visit } = await import("yaml");
  const lines = new LineCounter();
  const duplicateKeys: string[] = [];
  let hasAliases = false;
  try {
    checkDepth(text, new Parser(), new Lexer());
    const document = parseDocument(text, {
      version: "1.1",
      uniqueKeys: false,
      lineCounter: lines,
      logLevel: "silent",
      customTags: (tags) => tags.filter((tag) => typeof tag === "string" || !isForeignTag(tag)),
    });
    if (document.errors[0] !== undefined) throw document.errors[0];
    visit(document, {
      Alias() {
        hasAliases = true;
      },
      Map(_, node) {
        const seen = new Set<string>();
        for (const { key } of node.items) {
          if (!isScalar(key)) continue;
          const name = String(key.value);
          const line = lines.linePos(key.range?.[0] ?? 0).line;
          if (seen.has(name)) duplicateKeys.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
          seen.add(name);
        }
      },
    });
    // The library's own limit counts uses of an anchor, of which an honest document may have hundreds.
    const value = document.toJS({ maxAliasCount: -1 }) as unknown;
    return { value: hasAliases ? unshared(value, { left: expandedLimit }) : value, duplicateKeys };
  } catch (cause) {
    throw new JsonSyntaxError(`yaml: ${firstLine((cause as Error).message)}`, { cause });
  }
}

/** Reads the document with the lexer and the parser alone, which keep a stack of their own, and so can be asked how deep they are. */
function checkDepth(text: string, parser: Parser, lexer: Lexer): void {
  for (const lexeme of lexer.lex(text)) {
    for (const _ of parser.next(lexeme)) continue;
    if (parser.stack.length > depthLimit) throw new Error("exceeded max depth");
  }
}

/** A copy in which no two places share an object, for decoding changes objects in place. */
function unshared(value: unknown, budget: { left: number }): unknown {
  if (--budget.left < 0) throw new Error("document contains excessive aliasing");
  if (Array.isArray(value)) return value.map((item) => unshared(item, budget));
  if (!isPlainObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setField(copy, key, unshared(value[key], budget));
  return copy;
}

/** Reads all documents of a stream; empty ones are left out. */
export async function decodeYamlDocuments(text: string): Promise<unknown[]> {
  const values: unknown[] = [];
  for (const part of splitYamlDocuments(text)) {
    const { value } = await decodeYaml(part);
    if (value !== null && value !== undefined) values.push(value);
  }
  return values;
}

/** Splits a stream at its `---` lines, as kubectl does; comments and blank parts stay with their part or are dropped. */
export function splitYamlDocuments(text: string): string[] {
  return text.split(/^---(?:[ \t].*)?\r?$/m).filter((part) => part.trim() !== "");
}

/** A value as block YAML, strings quoted wherever a YAML 1.1 reader would see something else. */
export async function encodeYaml(value: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(value, { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0, indentSeq: false });
}

function isForeignTag(tag: { tag: string; format?: string }): boolean {
  return tag.format === "TIME" || /:(timestamp|binary|omap|pairs|set)$/.test(tag.tag);
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] as string).replace(/:$/, "");
}
