import { setField } from "./deep.ts";

/**
 * The part of JSON path that the API uses: `.spec.replicas` of scale subresources and selectable fields, and of
 * `additionalPrinterColumns` also `.spec.list[0].x`, `['a.b']`, `[*]`, and filters such as
 * `.status.conditions[?(@.type=="Ready")].status`. Recursive descent, unions and slices are refused.
 */
export class JsonPath {
  readonly source: string;
  private readonly steps: readonly Step[];

  private constructor(source: string, steps: readonly Step[]) {
    this.source = source;
    this.steps = steps;
  }

  /** Reads a path; `{…}` around it, a leading `$` and a missing dot are accepted. Throws an Error when it is no such path. */
  static parse(source: string): JsonPath {
    let text = source.trim();
    if (text.startsWith("{") && text.endsWith("}")) text = text.slice(1, -1).trim();
    if (text.startsWith("$")) text = text.slice(1);
    if (text !== "" && !text.startsWith(".") && !text.startsWith("[")) text = `.${text}`;
    return new JsonPath(source, parseSteps(text, source));
  }

  /** All values the path leads to, in order; none when something on the way is absent. */
  all(value: unknown): unknown[] {
    let found: unknown[] = [value];
    for (const step of this.steps) found = found.flatMap((each) => follow(step, each));
    return found;
  }

  /** The first value, undefined when there is none. */
  get(value: unknown): unknown {
    return this.all(value)[0];
  }

  /** Sets the value of a path of plain fields, making the objects on the way. Throws an Error for other paths. */
  set(target: Record<string, unknown>, value: unknown): void {
    const names = this.steps.map((step) => {
      if (step.kind !== "field") throw new Error(`cannot set ${this.source}`);
      return step.name;
    });
    const last = names.pop();
    if (last === undefined) throw new Error("cannot set the root");
    let current = target;
    for (const name of names) {
      const existing = Object.hasOwn(current, name) ? current[name] : undefined;
      const next = typeof existing === "object" && existing !== null ? (existing as Record<string, unknown>) : {};
      if (next !== existing) setField(current, name, next);
      current = next;
    }
    setField(current, last, value);
  }
}

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly path: readonly Step[]; readonly operator: string; readonly operand: unknown };

const longestPath = 1024;
const fieldStep = /\.((?:\\.|[^.[\]\\])+)/y;
const quotedStep = /\[(?:'([^']*)'|"([^"]*)")\]/y;
const indexStep = /\[(-?\d+)\]/y;
const allStep = /\[\*\]|\.\*/y;
const filterStep = /\[\?\(\s*@((?:\.[^.=!<>\s()[\]]+|\[[^\]]*\])*)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|[^\s()]+)\s*)?\)\]/y;

function parseSteps(text: string, source: string): Step[] {
  if (text.length > longestPath) throw new Error("JSON path is too long");
  const steps: Step[] = [];
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found !== null) position = pattern.lastIndex;
    return found;
  };
  while (position < text.length) {
    let found: RegExpExecArray | null;
    if (text === "." || match(allStep) !== null) {
      if (text === ".") break;
      steps.push({ kind: "all" });
    } else if ((found = match(fieldStep)) !== null) {
      steps.push({ kind: "field", name: (found[1] as string).replaceAll(/\\(.)/g, "$1") });
    } else if ((found = match(quotedStep)) !== null) {
      steps.push({ kind: "field", name: found[1] ?? found[2] ?? "" });
    } else if ((found = match(indexStep)) !== null) {
      steps.push({ kind: "index", index: Number(found[1]) });
    } else if ((found = match(filterStep)) !== null) {
      steps.push({ kind: "filter", path: parseSteps(found[1] ?? "", source), operator: found[2] ?? "exists", operand: literal(found[3]) });
    } else {
      throw new Error(`unsupported JSON path ${JSON.stringify(source)}`);
    }
  }
  return steps;
}

function literal(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function follow(step: Step, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  switch (step.kind) {
    case "field":
      return !Array.isArray(value) && Object.hasOwn(value, step.name) ? [(value as Record<string, unknown>)[step.name]] : [];
    case "index": {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case "all":
      return Object.values(value);
    case "filter":
      return (Object.values(value) as unknown[]).filter((item) => passes(step, item));
  }
}

function passes(step: Step & { kind: "filter" }, item: unknown): boolean {
  let found: unknown[] = [item];
  for (const inner of step.path) found = found.flatMap((each) => follow(inner, each));
  if (found.length === 0) return false;
  const left = found[0];
  const right = step.operand;
  switch (step.operator) {
    case "exists":
      return true;
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    default:
      return isOrdered(left, right) && compare(left as number, right as number, step.operator);
  }
}

function isOrdered(left: unknown, right: unknown): boolean {
  return typeof left === typeof right && (typeof left === "number" || typeof left === "string");
}

function compare(left: number, right: number, operator: string): boolean {
  if (operator === "<") return left < right;
  if (operator === ">") return left > right;
  return operator === "<=" ? left <= right : left >= right;
}

const parsed = new Map<string, JsonPath>();
const parsedLimit = 1000;

/** {@link JsonPath.parse}, remembering what it has read. */
export function jsonPath(source: string): JsonPath {
  let path = parsed.get(source);
  if (path === undefined) {
    path = JsonPath.parse(source);
    if (parsed.size >= parsedLimit) parsed.clear();
    parsed.set(source, path);
  }
  return path;
}
