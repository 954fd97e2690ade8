import { declarationsText } from "../generated/declarations.ts";
import { retiredKindsText, retiredTypesText } from "../generated/retired.ts";

/** The keys are those of the data files; see `tools/generate-api.mjs`. */
export interface FieldDeclaration {
  readonly j: string;
  readonly t: string;
  readonly i?: 1;
  readonly p?: 1;
  readonly e?: 1;
  readonly z?: 1;
  readonly r?: 1;
  readonly d?: unknown;
  /** The default is upstream's to tell: others are set without being documented. */
  readonly m?: 1;
  /** The field says which other of the union is set. */
  readonly ud?: 1;
  readonly ps?: string;
  readonly pk?: string;
  readonly lt?: "atomic" | "set" | "map";
  readonly lk?: readonly string[];
  readonly ma?: 1;
  readonly sa?: 1;
  /** The value is granular for server-side apply though its type is atomic. */
  readonly gr?: 1;
  /** The name of its values' enum, and of that of its keys. */
  readonly en?: string;
  readonly ke?: string;
}

export interface TypeDeclaration {
  readonly tm?: 1;
  readonly sa?: 1;
  readonly cj?: string;
  /** At most one field is set, or the one that the discriminator names. */
  readonly u?: 1;
  readonly f: readonly FieldDeclaration[];
}

/** When upstream stopped recommending a version, when it stopped serving it, and what it names instead: `apps/v1.Deployment`. */
export interface Lifecycle {
  readonly d: string;
  readonly r: string;
  readonly x?: string;
}

export interface SubresourceDeclaration {
  readonly n: string;
  readonly verbs: readonly string[];
  readonly k: string;
  readonly gv?: string;
  readonly lc?: Lifecycle;
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
  readonly sub?: readonly SubresourceDeclaration[];
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

/**
 * A version that upstream does not serve any more. What is not said is as in the version that is stored, of the same kind in the group
 * `sg` (its own when absent).
 */
export type RetiredKindDeclaration = Pick<KindDeclaration, "g" | "v" | "k" | "t" | "sg"> &
  Partial<KindDeclaration> & { readonly lc: Lifecycle };

let parsedRetiredKinds: readonly RetiredKindDeclaration[] | undefined;

/** The versions that upstream does not serve any more. Parsed on the first call. */
export function retiredKinds(): readonly RetiredKindDeclaration[] {
  parsedRetiredKinds ??= JSON.parse(retiredKindsText) as RetiredKindDeclaration[];
  return parsedRetiredKinds;
}

let parsedRetiredTypes: Pick<Declarations, "types" | "packages"> | undefined;

/** Parsed when somebody uses a retired version. */
function retiredTypes(): Pick<Declarations, "types" | "packages"> {
  parsedRetiredTypes ??= JSON.parse(retiredTypesText) as Pick<Declarations, "types" | "packages">;
  return parsedRetiredTypes;
}

const preview = /^[a-z]+\/v\d+(?:alpha|beta)\d+\b/;

/** The declaration of a type such as `core/v1.Pod`, of retired versions too; undefined when there is none. */
export function typeDeclaration(name: string): TypeDeclaration | undefined {
  return declarations().types[name] ?? (preview.test(name) ? retiredTypes().types[name] : undefined);
}

/** What OpenAPI calls a package: `core/v1` → `io.k8s.api.core.v1`. */
export function openApiPackage(name: string): string {
  return declarations().packages[name] ?? (preview.test(name) ? retiredTypes().packages[name] : undefined) ?? name;
}

const knownPackages = new Map<string, string | undefined>();

/** The inverse: `io.k8s.api.core.v1` → `core/v1`; undefined when it is no package of types. */
export function packageOfOpenApi(openApiName: string): string | undefined {
  if (knownPackages.has(openApiName)) return knownPackages.get(openApiName);
  const packages = /\.v\d+(?:alpha|beta)\d+$/.test(openApiName) ? retiredTypes().packages : declarations().packages;
  const found = Object.keys(packages).find((name) => packages[name] === openApiName);
  knownPackages.set(openApiName, found);
  return found;
}
