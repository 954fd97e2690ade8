// Turns the facts in packages/api/data into the generated sources of @coracle/api. Pure: returns file name → text.
import { readdirSync, readFileSync } from "node:fs";

const dataFolder = new URL("../packages/api/data/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, dataFolder), "utf8"));
const header = "// Generated from packages/api/data by `npm run update`; do not edit.\n";

/** Types that apimachinery already declares. */
const shared = new Set([
  "ObjectMeta",
  "OwnerReference",
  "ManagedFieldsEntry",
  "LabelSelector",
  "LabelSelectorRequirement",
  "Condition",
  "ListMeta",
  "DeleteOptions",
]);
const scalars = {
  string: "string",
  bytes: "string",
  time: "string",
  microTime: "string",
  duration: "string",
  quantity: "string",
  bool: "boolean",
  int32: "number",
  int64: "number",
  uint32: "number",
  uint64: "number",
  double: "number",
  float: "number",
  int: "number",
  intOrString: "number | string",
  fieldsV1: "Record<string, unknown>",
};
/** Types whose JSON is a choice between two forms. */
const choices = {
  JSONSchemaPropsOrArray: "JSONSchemaProps | JSONSchemaProps[]",
  JSONSchemaPropsOrBool: "boolean | JSONSchemaProps",
  JSONSchemaPropsOrStringArray: "JSONSchemaProps | string[]",
};

const split = (name) => [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
const moduleFile = (pkg) => pkg.replaceAll("/", "-").toLowerCase();
const moduleName = (pkg) => pkg.replaceAll(/[/.-](\w)/g, (_, letter) => letter.toUpperCase());

/** All generated files by name. */
export function generateApi() {
  const data = { types: read("types"), kinds: read("kinds"), groups: read("groups") };
  const packages = packagesInOrder(data);
  const files = new Map();
  for (const pkg of packages) files.set(`${moduleFile(pkg)}.ts`, typesModule(pkg, data));
  files.set("types.ts", rootModule(packages, data));
  files.set("resources.ts", resourcesModule(data));
  files.set("declarations.ts", declarationsModule(data));
  files.set("retired.ts", retiredModule());
  files.set("enums.ts", enumsModule());
  files.set("rbac.ts", rbacModule());
  files.set("descriptions.ts", descriptionsModule());
  return files;
}

/** Core first, then the preferred versions: the first to claim a name has it at the root. */
function packagesInOrder({ types, kinds }) {
  const preferred = kinds.filter((kind) => kind.pref).map((kind) => split(kind.t)[0]);
  const rest = Object.keys(types)
    .map((name) => split(name)[0])
    .sort();
  const ordered = ["core/v1", ...preferred, ...rest].filter((pkg) => pkg !== "meta/v1");
  return [...new Set([...ordered, "meta/v1"])];
}

function namesOf(pkg, types) {
  return Object.keys(types)
    .filter((name) => split(name)[0] === pkg)
    .map((name) => split(name)[1])
    .filter((name) => pkg !== "meta/v1" || !shared.has(name));
}

function typesModule(pkg, { types }) {
  const imports = new Map();
  const bodies = namesOf(pkg, types).map((name) => declaration(pkg, name, { types, imports }));
  const lines = [...imports].sort().map(([from, names]) => `import type { ${[...names].sort().join(", ")} } from "${from}";`);
  return `${header}${lines.join("\n")}\n\n${bodies.join("\n\n")}\n`;
}

function declaration(pkg, name, context) {
  if (choices[name] !== undefined) return `export type ${name} = ${choices[name]};`;
  const type = context.types[`${pkg}.${name}`];
  const lines = type.tm ? ["  apiVersion: string;", "  kind: string;"] : [];
  lines.push(...fieldLines(pkg, type, context));
  return lines.length === 0 ? `export type ${name} = Record<string, never>;` : `export interface ${name} {\n${lines.join("\n")}\n}`;
}

function fieldLines(pkg, type, context) {
  return (type.f ?? []).flatMap((field) => {
    if (field.i) return fieldLines(pkg, context.types[field.t] ?? {}, context);
    const key = /^[A-Za-z_$][\w$]*$/.test(field.j) ? field.j : JSON.stringify(field.j);
    const isMeta = field.j === "metadata" && type.tm;
    const text = typeText(pkg, field.t, context);
    return [field.r || isMeta ? `  ${key}: ${text};` : `  ${key}?: ${text} | undefined;`];
  });
}

function typeText(pkg, text, context) {
  if (text.startsWith("[]")) {
    const item = typeText(pkg, text.slice(2), context);
    return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
  }
  if (text.startsWith("{}")) return `Record<string, ${typeText(pkg, text.slice(2), context)}>`;
  if (!text.includes(".")) return scalars[text] ?? "unknown";
  const [from, name] = split(text);
  if (context.types[text] === undefined) return "unknown";
  if (from === pkg && !(from === "meta/v1" && shared.has(name))) return name;
  return importName(from, name, context.imports);
}

function importName(from, name, imports) {
  const isShared = from === "meta/v1" && shared.has(name);
  const file = isShared ? "@coracle/apimachinery" : `./${moduleFile(from)}.ts`;
  const alias = isShared ? name : `${name} as ${moduleName(from)}${name}`;
  imports.set(file, (imports.get(file) ?? new Set()).add(alias));
  return isShared ? name : `${moduleName(from)}${name}`;
}

function rootModule(packages, { types }) {
  const taken = new Set(shared);
  const lines = packages.flatMap((pkg) => {
    const free = namesOf(pkg, types).filter((name) => !taken.has(name));
    for (const name of free) taken.add(name);
    const named = free.length === 0 ? [] : [`export type { ${free.join(", ")} } from "./${moduleFile(pkg)}.ts";`];
    return [...named, `export type * as ${moduleName(pkg)} from "./${moduleFile(pkg)}.ts";`];
  });
  return `${header}${lines.join("\n")}\n`;
}

/** `NetworkPolicy`, `networkpolicies` → `networkPolicies`. */
function resourceName(kind, plural) {
  let length = 0;
  while (length < kind.length && kind[length].toLowerCase() === plural[length]) length += 1;
  const lead = /^[A-Z]+(?=[A-Z][a-z])/.exec(kind)?.[0] ?? kind[0];
  const name = kind.slice(0, length) + plural.slice(length);
  return lead.toLowerCase() + name.slice(lead.length);
}

function resourcesModule({ kinds }) {
  const taken = new Set();
  const imports = new Map();
  const core = kinds.filter((kind) => kind.g === "");
  const lines = [...core, ...kinds.filter((kind) => kind.g !== "")]
    .filter((kind) => kind.pref)
    .map((kind) => {
      const [pkg, type] = split(kind.t);
      const plain = resourceName(kind.k, kind.p);
      const name = taken.has(plain) ? `${moduleName(pkg)}${plain[0].toUpperCase()}${plain.slice(1)}` : plain;
      taken.add(name);
      const text = importName(pkg, type, imports);
      return `  ${name}: { group: "${kind.g}", version: "${kind.v}", resource: "${kind.p}", kind: "${kind.k}", isNamespaced: ${Boolean(kind.ns)} } as ResourceType<${text}>,`;
    });
  const importLines = [...imports].sort().map(([from, names]) => `import type { ${[...names].sort().join(", ")} } from "${from}";`);
  return `${header}import type { ResourceType } from "@coracle/apimachinery";\n${importLines.join("\n")}\n
/** The preferred version of every built-in resource: what clients name in their calls. */
export const resources = {\n${lines.join("\n")}\n} as const;\n`;
}

/** What schemas and definitions are built from: a string that is parsed on first use, so that importing the package costs nothing. */
function declarationsModule({ types, kinds, groups }) {
  const defaults = read("defaults");
  const used = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, runtimeType(type, defaults[name] ?? [])]));
  const packages = Object.fromEntries(Object.entries(read("packages")).map(([name, { openapi }]) => [name, openapi]));
  const printers = Object.fromEntries(
    Object.entries(read("printers")).map(([kind, columns]) => [kind, columns.map(({ h, ...column }) => column)]),
  );
  const text = JSON.stringify(JSON.stringify({ types: used, kinds, packages, groups, printers }));
  return `${header}export const declarationsText: string =\n  ${text};\n`;
}

/** The versions that upstream does not serve any more: two strings, because the types are needed only once somebody uses one. */
function retiredModule() {
  const defaults = read("retired-defaults");
  const types = Object.entries(read("retired-types")).map(([name, type]) => [name, runtimeType(type, defaults[name] ?? [])]);
  const packages = Object.entries(read("retired-packages")).map(([name, { openapi }]) => [name, openapi]);
  const text = (value) => JSON.stringify(JSON.stringify(value));
  const typesText = text({ types: Object.fromEntries(types), packages: Object.fromEntries(packages) });
  return `${header}export const retiredKindsText: string =\n  ${text(read("retired-kinds"))};\n\nexport const retiredTypesText: string =\n  ${typesText};\n`;
}

/** The values of the string types that have a fixed set of them, in order of the alphabet, as messages list them. */
function enumsModule() {
  const lines = Object.entries(read("enums")).map(([name, { v }]) => `  ${JSON.stringify(name)}: ${JSON.stringify([...v].sort())},`);
  return `${header}export const enumValues = {\n${lines.join("\n")}\n} as const satisfies Record<string, readonly string[]>;\n`;
}

/** The roles and bindings of every cluster, as a string for the same reason. */
function rbacModule() {
  const { common: _, "cluster-roles-all-alpha-beta-gates": __, ...lists } = read("rbac-bootstrap");
  return `${header}export const rbacText: string =\n  ${JSON.stringify(JSON.stringify(Object.values(lists).flat()))};\n`;
}

/** What types and fields mean, from a file for each group, and the values of enums that are published; strings for the same reason. */
function descriptionsModule() {
  const groups = readdirSync(new URL("descriptions/", dataFolder)).map((file) => file.replace(".json", ""));
  const texts = groups
    .sort()
    .flatMap((group) => Object.entries(read(`descriptions/${group}`)).map(([name, fields]) => [`${group}/${name}`, fields]));
  const enums = Object.entries(read("enums")).filter(([, { c }]) => c === 1);
  const values = Object.fromEntries(enums.map(([name, { v }]) => [name, [...v].sort()]));
  const text = (value) => JSON.stringify(JSON.stringify(value));
  return `${header}export const descriptionsText: string =\n  ${text(Object.fromEntries(texts))};\n\nexport const enumsText: string =\n  ${text(values)};\n`;
}

/** Without what only protobuf and documentation need, with the defaults that are one plain field. */
function runtimeType(type, defaults) {
  const fixed = new Map(defaults.filter(isStaticDefault).map(([path, value]) => [path, value]));
  const fields = (type.f ?? [])
    .map(({ n, pn, pt, fg, v, of, pw, sd, o, ...field }) => (field.d === undefined ? field : { ...field, m: 1 }))
    .map((field) => (fixed.has(field.j) ? { ...field, d: fixed.get(field.j) } : field));
  return { ...type, f: fields };
}

function isStaticDefault([path, value, condition]) {
  const isPlain = /^\w+$/.test(path) && !(typeof value === "string" && value.startsWith("="));
  return isPlain && (condition === undefined || condition === "marker");
}
