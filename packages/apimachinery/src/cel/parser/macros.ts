import type { CelExtension } from "../environment.ts";
import type { CelValue } from "../values/value.ts";
import type { CallNode, ComprehensionNode, IdentNode, ListNode, MapNode, Node } from "./ast.ts";
import { heightOf } from "./height.ts";
import { operators } from "./operators.ts";

/** Of the variable in which loops collect. No expression can name it. */
export const accumulator = "@result";
/** The loop variable of `cel.bind` and the like, which do not loop. */
const unused = "#unused";
const oldAccumulator = "__result__";

/** A macro was meant, but its arguments do not fit. */
export class MacroError extends Error {
  override readonly name = "MacroError";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface MacroCall {
  readonly offset: number;
  readonly target: Node;
  readonly args: readonly Node[];
}

type Expander = (call: MacroCall) => Node | undefined;

/** By function name and number of arguments. */
const receiverMacros: Readonly<Record<string, Expander>> = {
  "all/2": (call) => quantifier("all", call, [loopVariable(call, 0)]),
  "all/3": (call) => quantifier("all", call, loopVariables(call)),
  "exists/2": (call) => quantifier("exists", call, [loopVariable(call, 0)]),
  "exists/3": (call) => quantifier("exists", call, loopVariables(call)),
  "exists_one/2": (call) => quantifier("existsOne", call, [loopVariable(call, 0)]),
  "existsOne/3": (call) => quantifier("existsOne", call, loopVariables(call)),
  "exists_one/3": (call) => quantifier("existsOne", call, loopVariables(call)),
  "map/2": (call) => collect(call, [loopVariable(call, 0, "argument is not an identifier")], undefined, argument(call, 1)),
  "map/3": (call) => collect(call, [loopVariable(call, 0, "argument is not an identifier")], argument(call, 1), argument(call, 2)),
  "filter/2": (call) => collect(call, [loopVariable(call, 0, "argument is not an identifier")], argument(call, 1), argument(call, 0)),
  "transformList/3": (call) => collect(call, loopVariables(call), undefined, argument(call, 2)),
  "transformList/4": (call) => collect(call, loopVariables(call), argument(call, 2), argument(call, 3)),
  "transformMap/3": (call) => collectEntries(call, undefined, argument(call, 2)),
  "transformMap/4": (call) => collectEntries(call, argument(call, 2), argument(call, 3)),
  "transformMapEntry/3": (call) => collectMaps(call, undefined, argument(call, 2)),
  "transformMapEntry/4": (call) => collectMaps(call, argument(call, 2), argument(call, 3)),
  "sortBy/2": sortBy,
  "optMap/2": (call) => optionalMap("optMap", call),
  "optFlatMap/2": (call) => optionalMap("optFlatMap", call),
};

/**
 * What a call means if it is one of a macro; undefined when it is an ordinary call.
 * @throws {MacroError}
 */
export function expandMacro(call: CallNode, extensions: ReadonlySet<CelExtension>): Node | undefined {
  const { offset, target, args } = call;
  if (target === undefined) return call.function === "has" && args.length === 1 ? presence(args[0] as Node, offset) : undefined;
  if (call.function === "bind" && args.length === 3 && extensions.has("bindings")) return bind({ offset, target, args });
  const key = `${call.function}/${args.length}`;
  return Object.hasOwn(receiverMacros, key) ? receiverMacros[key]?.({ offset, target, args }) : undefined;
}

function presence(argument: Node, offset: number): Node {
  if (argument.kind !== "select") throw new MacroError("invalid argument to has() macro", argument.offset);
  return { kind: "select", operand: argument.operand, field: argument.field, isTest: true, offset, height: argument.height };
}

function argument(call: MacroCall, index: number): Node {
  return call.args[index] as Node;
}

function loopVariable(call: MacroCall, index: number, problem = "argument must be a simple name"): string {
  const node = argument(call, index);
  if (node.kind !== "ident") throw new MacroError(problem, node.offset);
  if (node.name === accumulator || node.name === oldAccumulator)
    throw new MacroError("iteration variable overwrites accumulator variable", node.offset);
  return node.name;
}

function loopVariables(call: MacroCall): [string, string] {
  const first = loopVariable(call, 0);
  const second = loopVariable(call, 1);
  if (first === second) throw new MacroError(`duplicate variable name: ${first}`, argument(call, 1).offset);
  return [first, second];
}

type Variables = readonly [string] | readonly [string, string];

function quantifier(kind: "all" | "exists" | "existsOne", call: MacroCall, variables: Variables): Node {
  const make = builder(call.offset);
  const predicate = argument(call, variables.length);
  const accu = make.ident(accumulator);
  if (kind === "all")
    return make.loop(call.target, variables, {
      accuInit: make.literal(true),
      condition: make.call(operators.notStrictlyFalse, accu),
      step: make.call(operators.and, accu, predicate),
      result: accu,
    });
  if (kind === "exists")
    return make.loop(call.target, variables, {
      accuInit: make.literal(false),
      condition: make.call(operators.notStrictlyFalse, make.call(operators.not, accu)),
      step: make.call(operators.or, accu, predicate),
      result: accu,
    });
  return make.loop(call.target, variables, {
    accuInit: make.literal(0),
    condition: make.literal(true),
    step: make.call(operators.conditional, predicate, make.call(operators.add, accu, make.literal(1)), accu),
    result: make.call(operators.equals, accu, make.literal(1)),
  });
}

function collect(call: MacroCall, variables: Variables, filter: Node | undefined, transform: Node): Node {
  const make = builder(call.offset);
  const accu = make.ident(accumulator);
  const step = make.call(operators.add, accu, make.list(transform));
  return collection(call, variables, { init: make.list(), step, filter });
}

function collectEntries(call: MacroCall, filter: Node | undefined, transform: Node): Node {
  const make = builder(call.offset);
  const variables = loopVariables(call);
  const step = make.call("cel.@mapInsert", make.ident(accumulator), make.ident(variables[0]), transform);
  return collection(call, variables, { init: make.map(), step, filter });
}

function collectMaps(call: MacroCall, filter: Node | undefined, transform: Node): Node {
  const make = builder(call.offset);
  const step = make.call("cel.@mapInsert", make.ident(accumulator), transform);
  return collection(call, loopVariables(call), { init: make.map(), step, filter });
}

interface Collection {
  readonly init: Node;
  readonly step: Node;
  readonly filter: Node | undefined;
}

function collection(call: MacroCall, variables: Variables, { init, step, filter }: Collection): Node {
  const make = builder(call.offset);
  const accu = make.ident(accumulator);
  return make.loop(call.target, variables, {
    accuInit: init,
    condition: make.literal(true),
    step: filter === undefined ? step : make.call(operators.conditional, filter, step, accu),
    result: accu,
  });
}

/** The target is evaluated twice, as upstream does; the cost counts it twice. */
function optionalMap(name: "optMap" | "optFlatMap", call: MacroCall): Node {
  const variable = argument(call, 0);
  if (variable.kind !== "ident") throw new MacroError(`${name}() variable name must be a simple identifier`, variable.offset);
  const make = builder(call.offset);
  const value = make.binding(variable.name, make.member("value", call.target), argument(call, 1));
  return make.call(
    operators.conditional,
    make.member("hasValue", call.target),
    name === "optMap" ? make.call("optional.of", value) : value,
    make.call("optional.none"),
  );
}

/** Sorts by a list of keys, computed from the items. */
function sortBy(call: MacroCall): Node {
  const { target } = call;
  if (target.kind === "literal" || target.kind === "map" || target.kind === "struct")
    throw new MacroError("sortBy can only be applied to a list, identifier, comprehension, call or select expression", target.offset);
  const make = builder(call.offset);
  const input = "@__sortBy_input__";
  const variable = loopVariable(call, 0, "argument is not an identifier");
  const keys = collect({ ...call, target: make.ident(input) }, [variable], undefined, argument(call, 1));
  return make.binding(input, target, { ...make.call("@sortByAssociatedKeys", keys), target: make.ident(input) });
}

function bind(call: MacroCall): Node | undefined {
  if (call.target.kind !== "ident" || call.target.name !== "cel") return undefined;
  const variable = argument(call, 0);
  if (variable.kind !== "ident") throw new MacroError("cel.bind() variable names must be simple identifiers", variable.offset);
  return builder(call.offset).binding(variable.name, argument(call, 1), argument(call, 2));
}

interface Loop {
  readonly accuInit: Node;
  readonly condition: Node;
  readonly step: Node;
  readonly result: Node;
}

/** Makes nodes that all point at the macro's call. */
function builder(offset: number) {
  const ident = (name: string): IdentNode => ({ kind: "ident", name, offset, height: 0 });
  const literal = (value: CelValue): Node => ({ kind: "literal", value, offset, height: 0 });
  const list = (...values: Node[]): ListNode => ({
    kind: "list",
    elements: values.map((value) => ({ value, isOptional: false })),
    offset,
    height: heightOf(values),
  });
  const map = (): MapNode => ({ kind: "map", entries: [], offset, height: 0 });
  const call = (name: string, ...args: Node[]): CallNode => ({
    kind: "call",
    function: name,
    target: undefined,
    args,
    offset,
    height: heightOf(args),
  });
  const member = (name: string, target: Node): CallNode => ({ ...call(name), target, height: target.height });
  const loop = (range: Node, [iterVar, iterVar2]: Variables, parts: Loop): ComprehensionNode => ({
    kind: "comprehension",
    range,
    iterVar,
    iterVar2,
    accuVar: accumulator,
    ...parts,
    offset,
    height: heightOf([range, ...Object.values(parts)]),
  });
  const binding = (name: string, value: Node, result: Node): Node => ({
    ...loop(list(), [unused], { accuInit: value, condition: literal(false), step: ident(name), result }),
    accuVar: name,
  });
  return { ident, literal, list, map, call, member, loop, binding };
}
