import type { KubeObject } from "@coracle/apimachinery";

/** Field selectors over any path of plain fields; an absent field is the empty string. */
export function matchesFields(selector: string | undefined, object: KubeObject): boolean {
  if (selector === undefined || selector === "") return true;
  return selector.split(",").every((requirement) => {
    const [, path = "", operator, value] = /^([^=!]+)(!=|==|=)(.*)$/.exec(requirement) ?? [];
    const actual = path.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], object);
    const text = typeof actual === "string" || typeof actual === "number" || typeof actual === "boolean" ? String(actual) : "";
    return operator === "!=" ? text !== value : text === value;
  });
}
