import { formatApiVersion, type GroupVersionKind } from "@coracle/apimachinery";
import type { Lifecycle } from "../schema/declarations.ts";

/** The text of the `Warning` header, in kube-apiserver's words: who still uses the version, since when not to, and what instead. */
export function deprecationWarning({ group, version, kind }: GroupVersionKind, { d, r, x }: Lifecycle): string {
  const text = `${formatApiVersion(group, version)} ${kind} is deprecated in v${d}+, unavailable in v${r}+`;
  if (x === undefined) return text;
  const dot = x.lastIndexOf(".");
  return `${text}; use ${x.slice(0, dot)} ${x.slice(dot + 1)}`;
}
