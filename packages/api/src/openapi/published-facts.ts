import type { Schema } from "@coracle/apimachinery";
import { fieldsOf } from "../schema/schema-of.ts";
import { packageOfOpenApi, typeDeclaration, type FieldDeclaration } from "../schema/declarations.ts";

const zeros: Readonly<Record<string, unknown>> = { string: "", bool: false, int32: 0, int64: 0, double: 0 };
const zerosOfTypes: Readonly<Record<string, unknown>> = { string: "", boolean: false, integer: 0 };
/** Values with a schema of their own, which says no default. */
const opaque = new Set(["runtime.RawExtension", "apiextensions/v1.JSON"]);

/** The declared type of a component: `io.k8s.api.core.v1.Pod` → `core/v1.Pod`. */
export function typeOfComponent(refName: string): string | undefined {
  const dot = refName.lastIndexOf(".");
  const pkg = packageOfOpenApi(refName.slice(0, dot));
  return pkg === undefined ? undefined : `${pkg}.${refName.slice(dot + 1)}`;
}

/**
 * The default that upstream's documents of version 3 tell of a field: the marked ones, and the zero value of what its clients always send.
 * Other defaults are set without being documented.
 */
export function publishedDefault(owner: Schema, name: string, schema: Schema): unknown {
  const type = owner.refName === undefined ? undefined : typeOfComponent(owner.refName);
  if (type === undefined || typeDeclaration(type) === undefined) return defaultOfShared(owner, name, schema);
  const field = fieldsOf(type).find(({ j }) => j === name);
  return field === undefined ? undefined : defaultOf(field);
}

/** The same for what is written down as schemas, because every server of the API has it: lists, Status, discovery. */
function defaultOfShared({ refName, required = [] }: Schema, name: string, { type, refName: inner }: Schema): unknown {
  if (refName === undefined) return undefined;
  if (inner !== undefined) return name === "metadata" || name === "preferredVersion" ? {} : undefined;
  return required.includes(name) ? zerosOfTypes[type] : undefined;
}

function defaultOf({ t, p, e, d, m }: FieldDeclaration): unknown {
  if (m === 1) return d;
  if (p === 1 || opaque.has(t)) return undefined;
  if (t in zeros) return e === 1 ? undefined : zeros[t];
  const declaration = typeDeclaration(t);
  return declaration === undefined || declaration.cj !== undefined ? undefined : {};
}

/** What says that of some fields only one is set; undefined for types that are no unions. */
export function unionsOf(refName: string): readonly object[] | undefined {
  const type = typeOfComponent(refName);
  if (type === undefined || typeDeclaration(type)?.u !== 1) return undefined;
  const fields = fieldsOf(type);
  const discriminator = fields.find(({ ud }) => ud === 1)?.j;
  const members = fields.filter(({ ud, e }) => ud !== 1 && e === 1).map(({ j }) => [j, j.charAt(0).toUpperCase() + j.slice(1)]);
  return [{ ...(discriminator !== undefined && { discriminator }), "fields-to-discriminateBy": Object.fromEntries(members) }];
}
