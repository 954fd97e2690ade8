import { fieldPath, keyPath } from "@coracle/apimachinery";

/** A schema in either form, as far as paths go. */
interface SchemaNode {
  readonly type?: string | undefined;
  readonly properties?: Readonly<Record<string, SchemaNode>> | undefined;
  readonly additionalProperties?: SchemaNode | boolean | undefined;
}

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
export function ruleFieldPath(text: string, schema: SchemaNode): string {
  return fieldAt(text, schema, { allowsBrackets: true }).path;
}

/**
 * The field to which a path leads, and that path as findings print it.
 * @throws {Error} in kube-apiserver's words when there is no such field.
 */
export function fieldAt<T extends SchemaNode>(
  text: string,
  schema: T,
  { allowsBrackets }: { readonly allowsBrackets: boolean },
): { readonly path: string; readonly schema: T } {
  const tokens = text.match(pieces) ?? [];
  let path = "";
  let current: SchemaNode = schema;
  const enter = (name: string): void => {
    if (current.properties !== undefined) {
      const next: SchemaNode | undefined = Object.hasOwn(current.properties, name) ? current.properties[name] : undefined;
      if (next === undefined) throw new Error("does not refer to a valid field");
      path = fieldPath(path, name);
      current = next;
    } else if (typeof current.additionalProperties === "object") {
      path = keyPath(path, name);
      current = current.additionalProperties;
    } else throw new Error("does not refer to a valid field");
  };
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token !== "." && token !== "[") throw new Error(`expected [ or . but got: ${token}`);
    if (token === "[" && !allowsBrackets) throw new Error("array notation is not allowed");
    const name = tokens[++index];
    if (name === undefined) throw new Error("unexpected end of JSON path");
    enter(token === "." ? name : unquoted(name));
    if (token === ".") continue;
    const close = tokens[++index];
    if (close === undefined) throw new Error("unexpected end of JSON path");
    if (close !== "]") throw new Error(`expected ] but got ${close}`);
  }
  return { path, schema: current as T };
}

function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith("'") || !text.endsWith("'")) throw new Error(`expected single quoted string but got ${text}`);
  return text.slice(1, -1).replaceAll(/\\(.)/gs, (whole, letter: string) => {
    const character = escapes[letter];
    if (character === undefined) throw new Error(`invalid string literal: invalid escape char ${whole}`);
    return character;
  });
}
