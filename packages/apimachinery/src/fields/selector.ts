import { SelectorError } from "../labels/selector.ts";

/** One term of a field selector; `==` is read as `=`. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** A parsed field selector: all requirements have to hold. */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get isEverything(): boolean {
    return this.requirements.length === 0;
  }

  /** `valueOf` gives the text of a field, the empty string when it is unset. */
  matches(valueOf: (field: string) => string): boolean {
    for (const { field, operator, value } of this.requirements) if ((valueOf(field) === value) !== (operator === "=")) return false;
    return true;
  }

  /** The value that `field` must have for a match, if the selector asks for exactly one. */
  requiredValue(field: string): string | undefined {
    return this.requirements.find((item) => item.field === field && item.operator === "=")?.value;
  }

  toString(): string {
    return this.requirements.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(",");
  }
}

export const everyField = new FieldSelector([]);

/** Escapes `\`, `,` and `=` so that a value can stand in a field selector. */
export function escapeFieldValue(value: string): string {
  return value.replaceAll(/[\\,=]/g, (character) => `\\${character}`);
}

/**
 * Reads `metadata.name=a,spec.nodeName!=b`, with `\,`, `\=` and `\\` inside values. Throws {@link SelectorError} with upstream's
 * text.
 */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === "") continue;
    const match = /(?<!\\)(?:\\\\)*(!=|==|=)/.exec(term);
    if (match === null) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const operator = match[1] as string;
    const start = match.index + match[0].length - operator.length;
    const value = unescapeValue(term.slice(start + operator.length));
    requirements.push({ field: term.slice(0, start), operator: operator === "!=" ? "!=" : "=", value });
  }
  return requirements.length === 0 ? everyField : new FieldSelector(requirements);
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === ",") {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let value = "";
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (character === "\\") {
      const escaped = text[++index] ?? "";
      if (escaped === "" || !"\\,=".includes(escaped))
        throw new SelectorError(`invalid field selector: invalid escape sequence: \\${escaped}`);
      value += escaped;
    } else if (character === "," || character === "=") {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${character}`);
    } else {
      value += character;
    }
  }
  return value;
}
