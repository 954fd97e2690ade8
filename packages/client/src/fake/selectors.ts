import type { KubeObject } from "@coracle/apimachinery";

type Labels = Readonly<Record<string, string>>;

/** Label selectors in URL form: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`. */
export function matchesLabels(selector: string | undefined, labels: Labels = {}): boolean {
  if (selector === undefined || selector === "") return true;
  // Commas inside parentheses separate values, not requirements.
  const requirements = selector.match(/[^,(]+(\([^)]*\))?/g) ?? [];
  return requirements.every((requirement) => matchesRequirement(requirement.trim(), labels));
}

function matchesRequirement(requirement: string, labels: Labels): boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement);
  if (set !== null) {
    const [, key = "", operator, values = ""] = set;
    const isIn = key in labels && values.split(",").some((value) => value.trim() === labels[key]);
    return operator === "in" ? isIn : !isIn;
  }
  if (requirement.startsWith("!")) return !(requirement.slice(1).trim() in labels);
  const equality = /^([^=!\s]+)\s*(!=|==|=)\s*(.*)$/.exec(requirement);
  if (equality === null) return requirement in labels;
  const [, key = "", operator, value] = equality;
  return operator === "!=" ? labels[key] !== value : labels[key] === value;
}

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
