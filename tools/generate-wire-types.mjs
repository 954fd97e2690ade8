// Turns the facts in packages/api/data into the protobuf forms of the built-in kinds. Pure: returns file name → text.
import { readFileSync } from "node:fs";

const dataFolder = new URL("../packages/api/data/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, dataFolder), "utf8"));

const scalars = new Set(["string", "bool", "int32", "int64", "double"]);
const specials = new Set(["time", "microTime", "quantity", "intOrString", "bytes", "raw", "json", "fieldsV1"]);
const packageOf = (type) => type.slice(0, type.lastIndexOf("."));
const nameOf = (type) => type.slice(type.lastIndexOf(".") + 1);
const elementOf = (type) => type.replace(/^(\[\]|\{\})+/, "");

/** All generated files by name. */
export function generateWireTypes() {
  const types = { ...read("types"), ...read("retired-types"), ...read("meta-types") };
  const kinds = kindsOf(types, { ...read("packages"), ...read("retired-packages") });
  const used = [...reachable(Object.values(kinds), types)].sort();
  const kindLines = Object.keys(kinds)
    .sort()
    .map((kind) => `  ${JSON.stringify(kind)}: ${JSON.stringify(kinds[kind])},`);
  const typeLines = used.map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(fieldsOf(name, types[name]))},`);
  const text = `// Generated from packages/api/data by \`npm run update\`; do not edit.

/** \`apiVersion kind\` → type. */
export const wireKinds: Readonly<Record<string, string>> = {
${kindLines.join("\n")}
};

/**
 * Type → its fields as \`number name type flags\`, comma between: the name \`-\` is inlined, p is a pointer (absent differs from zero), z leaves zero
 * values out of JSON, w puts a list into a message of its own.
 */
export const wireTypes: Readonly<Record<string, string>> = {
${typeLines.join("\n")}
};
`;
  return new Map([["wire-types.ts", text]]);
}

/** Of meta.k8s.io, but travelling as `v1`. */
const core = ["Status", "DeleteOptions", "APIVersions", "APIGroupList", "APIGroup", "APIResourceList"];

/** Every type with apiVersion and kind. Some belong to `v1` as well as to their own group. */
function kindsOf(types, packages) {
  const kinds = {};
  for (const [type, { tm }] of Object.entries(types)) {
    const { api, proto } = packages[packageOf(type)];
    if (tm && proto) kinds[`${api} ${nameOf(type)}`] = type;
  }
  for (const name of core) kinds[`v1 ${name}`] = `meta/v1.${name}`;
  // Of the core group, upstream says no apiVersion.
  for (const name of ["APIVersions", "APIResourceList"]) kinds[` ${name}`] = `meta/v1.${name}`;
  kinds["meta.k8s.io/v1beta1 PartialObjectMetadata"] = "meta/v1.PartialObjectMetadata";
  return kinds;
}

function reachable(roots, types) {
  const found = new Set([...roots, "meta/v1.ListMeta"]);
  for (const name of found) {
    for (const field of types[name].f ?? []) {
      const element = elementOf(field.t);
      if (element.includes(".")) found.add(element);
      else if (!scalars.has(element) && !specials.has(element)) throw new Error(`${name}.${field.j}: no protobuf form of ${element}`);
    }
  }
  return found;
}

function fieldsOf(type, { f = [] }) {
  return f.map((field) => fieldText(type, field)).join(",");
}

function fieldText(type, { j, n, t, i, p, e, pw }) {
  if (n === undefined) throw new Error(`${type}.${j}: no field number`);
  const flags = [...(p ? ["p"] : []), ...(e && !p && (scalars.has(t) || t === "bytes") ? ["z"] : []), ...(pw ? ["w"] : [])];
  return [n, i ? "-" : j, t, ...flags].join(" ");
}
