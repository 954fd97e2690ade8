import { compareVersions } from "@coracle/apimachinery";
import { descriptionsText, enumsText } from "../generated/descriptions.ts";
import { fieldsOf } from "../schema/schema-of.ts";
import { packageOfOpenApi, typeDeclaration } from "../schema/declarations.ts";

/** By field; under `""` is the text of the type itself, under `=` another type whose texts hold for fields that have none here. */
export type TypeTexts = Readonly<Record<string, string>>;

let parsed: Readonly<Record<string, TypeTexts>> | undefined;

/** What was written, by type: `core/v1.PodSpec`. Parsed on the first call. */
export function writtenTexts(): Readonly<Record<string, TypeTexts>> {
  parsed ??= JSON.parse(descriptionsText) as Record<string, TypeTexts>;
  return parsed;
}

/** What every object has: `apiVersion`, `kind`, `metadata`. */
export const anyObject = "meta/v1.Object";

/** Says what the component of an OpenAPI name (`io.k8s.api.core.v1.PodSpec`) is, or what one of its fields is. */
export function describeComponent(refName: string, field = ""): string | undefined {
  const dot = refName.lastIndexOf(".");
  // What belongs to no package of types is a value that all share: a quantity, a number or name.
  return textOf(`${packageOfOpenApi(refName.slice(0, dot)) ?? "meta/v1"}.${refName.slice(dot + 1)}`, field);
}

let enums: Readonly<Record<string, readonly string[]>> | undefined;

/** The values of a field that has no others, and of the items of a list; undefined when a field is open. */
export function enumOf(refName: string, field: string): readonly string[] | undefined {
  const dot = refName.lastIndexOf(".");
  const pkg = packageOfOpenApi(refName.slice(0, dot));
  const name = pkg === undefined ? undefined : fieldsOf(`${pkg}.${refName.slice(dot + 1)}`).find(({ j }) => j === field)?.en;
  if (name === undefined) return undefined;
  enums ??= JSON.parse(enumsText) as Record<string, string[]>;
  return enums[name];
}

/** The text of a type (`core/v1.PodSpec`) or of one of its fields: its own, or that of a type it is made of or succeeded by. */
export function textOf(type: string, field: string): string | undefined {
  const own = writtenTexts()[type];
  if (own?.[field] !== undefined) return own[field];
  for (const other of standIns(type, field)) {
    const text = textOf(other, field);
    if (text !== undefined) return text;
  }
  return undefined;
}

function standIns(type: string, field: string): string[] {
  const same = writtenTexts()[type]?.["="];
  const declaration = typeDeclaration(type);
  const inlined = field === "" ? [] : (declaration?.f ?? []).filter(({ i }) => i === 1).map(({ t }) => t);
  const common = field !== "" && declaration?.tm === 1 ? [anyObject] : [];
  return [...(same === undefined ? [] : [same]), ...inlined, ...common, ...successors(type)];
}

/** The groups that took over the kinds of a group. */
const heirs: Readonly<Record<string, readonly string[]>> = { extensions: ["apps", "networking", "policy", "autoscaling"] };

/** The types of the same name in versions that are preferred to a type's own. */
function successors(type: string): string[] {
  const [group = "", version = "", name = ""] = /^(\w+)\/(\w+)\.(\w+)$/.exec(type)?.slice(1) ?? [];
  const newer = versionsOf(group).filter((each) => compareVersions(each, version) < 0);
  const inherited = (heirs[group] ?? []).flatMap((heir) => versionsOf(heir).map((each) => `${heir}/${each}.${name}`));
  return [...newer.map((each) => `${group}/${each}.${name}`), ...inherited];
}

let versions: ReadonlyMap<string, readonly string[]> | undefined;

/** The versions of a group that something is written about, the preferred one first. */
function versionsOf(group: string): readonly string[] {
  versions ??= groupVersions();
  return versions.get(group) ?? [];
}

function groupVersions(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const type of Object.keys(writtenTexts())) {
    const [group = "", version = ""] = type.split(/[/.]/);
    const known = found.get(group) ?? [];
    if (!known.includes(version)) found.set(group, [...known, version].sort(compareVersions));
  }
  return found;
}
