import { declarationsText } from "../generated/declarations.ts";

/** The keys are those of the data files; see `tools/generate-api.mjs`. */
export interface FieldDeclaration {
  readonly j: string;
  readonly t: string;
  readonly i?: 1;
  readonly p?: 1;
  readonly e?: 1;
  readonly r?: 1;
  readonly d?: unknown;
  readonly ps?: string;
  readonly pk?: string;
  readonly lt?: "atomic" | "set" | "map";
  readonly lk?: readonly string[];
  readonly ma?: 1;
  readonly sa?: 1;
}

export interface TypeDeclaration {
  readonly tm?: 1;
  readonly sa?: 1;
  readonly cj?: string;
  readonly f: readonly FieldDeclaration[];
}

export interface KindDeclaration {
  readonly g: string;
  readonly v: string;
  readonly k: string;
  readonly p: string;
  readonly s: string;
  readonly ns?: 0 | 1;
  readonly verbs: readonly string[];
  readonly sn?: readonly string[];
  readonly cat?: readonly string[];
  readonly sub?: readonly { readonly n: string; readonly verbs: readonly string[]; readonly k: string; readonly gv?: string }[];
  readonly l?: string;
  readonly pref?: 1;
  readonly sv?: string;
  readonly sg?: string;
  readonly ep?: string;
  readonly fs?: readonly string[];
  readonly t: string;
  /** Key into `printers`. */
  readonly pc?: string;
}

/** A column of `kubectl get`; see `src/printing` for its cells. */
export interface PrinterColumn {
  readonly n: string;
  readonly t: "string" | "integer" | "number" | "boolean" | "date";
  readonly f?: string;
  readonly p?: number;
}

export interface Declarations {
  readonly types: Readonly<Record<string, TypeDeclaration>>;
  readonly kinds: readonly KindDeclaration[];
  readonly packages: Readonly<Record<string, string>>;
  readonly printers: Readonly<Record<string, readonly PrinterColumn[]>>;
}

let parsed: Declarations | undefined;

/** Parsed on the first call. */
export function declarations(): Declarations {
  parsed ??= JSON.parse(declarationsText) as Declarations;
  return parsed;
}
