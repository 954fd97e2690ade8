import { fieldPath, keyPath, type Schema } from "@coracle/apimachinery";

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

/** A delimiter, or the text between two; quoted text is one piece. */
const pieces = /[.[\]]|'(?:\\.|[^'\\])*'|[^.[\]]+/gs;

/**
 * Where a rule's `fieldPath` (`.spec['a.b'].c`) points, relative to the schema that has the rule, as findings print it.
 * @throws {Error} in kube-apiserver's words when there is no such field.
 */
export function ruleFieldPath(text: string, schema: Schema): string {
  const tokens = text.match(pieces) ?? [];
  let path = "";
  let current: Schema = schema;
  const enter = (name: string): void => {
    if (current.properties !== undefined) {
      const next: Schema | undefined = Object.hasOwn(current.properties, name) ? current.properties[name] : undefined;
      if (next === undefined) throw new Error("does not refer to a valid field");
      path = fieldPath(path, name);
      current = next;
    } else if (current.additionalProperties !== undefined) {
      path = keyPath(path, name);
      current = current.additionalProperties;
    } else throw new Error("does not refer to a valid field");
  };
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token !== "." && token !== "[") throw new Error(`expected [ or . but got: ${token}`);
    const name = tokens[++index];
    if (name === undefined) throw new Error("unexpected end of JSON path");
    enter(token === "." ? name : unquoted(name));
    if (token === ".") continue;
    const close = tokens[++index];
    if (close === undefined) throw new Error("unexpected end of JSON path");
    if (close !== "]") throw new Error(`expected ] but got ${close}`);
  }
  return path;
}

function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith("'") || !text.endsWith("'")) throw new Error(`expected single quoted string but got ${text}`);
  return text.slice(1, -1).replaceAll(/\\(.)/gs, (whole, letter: string) => {
    const character = escapes[letter];
    if (character === undefined) throw new Error(`invalid string literal: invalid escape char ${whole}`);
    return character;
  });
}
