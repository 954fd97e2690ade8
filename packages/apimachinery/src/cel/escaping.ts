/** Names of properties as identifiers of expressions, as Kubernetes escapes them. */

const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(" "),
);
const sequences: Readonly<Record<string, string>> = { __: "underscores", ".": "dot", "-": "dash", "/": "slash" };
const names: Readonly<Record<string, string>> = { underscores: "__", dot: ".", dash: "-", slash: "/" };

/** Whether a name is a word that the language keeps for itself. */
export function isReserved(name: string): boolean {
  return reserved.has(name);
}

/** `namespace` → `__namespace__`, `a.b` → `a__dot__b`. Undefined for names that cannot be said. */
export function escapeField(name: string): string | undefined {
  if (name === "" || /^[0-9]/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  if (/[^a-zA-Z0-9_./-]/.test(name)) return undefined;
  return name.replaceAll(/__|[-./]/g, (found) => `__${sequences[found]}__`);
}

/** The opposite of {@link escapeField}. Undefined for what it never makes. */
export function unescapeField(field: string): string | undefined {
  if (!field.includes("__")) return field;
  let isValid = true;
  const name = field.replaceAll(/__[^_]+__/g, (found) => {
    const word = found.slice(2, -2);
    if (Object.hasOwn(names, word)) return names[word] as string;
    if (!reserved.has(word) || found !== field) isValid = false;
    return word;
  });
  return isValid ? name : undefined;
}
