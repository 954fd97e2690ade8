export type TokenKind = "int" | "uint" | "double" | "string" | "bytes" | "ident" | "escaped" | "keyword" | "symbol" | "eof";

export interface Token {
  readonly kind: TokenKind;
  /** As written; `<EOF>` at the end. */
  readonly text: string;
  /** The code unit at which it starts. */
  readonly offset: number;
}

/** The words that the grammar itself reads; other reserved words are refused as variables only. */
export const keywords: ReadonlySet<string> = new Set(["in", "true", "false", "null"]);

/** Names that no variable may have. */
export const reservedWords: ReadonlySet<string> = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(" "),
);
