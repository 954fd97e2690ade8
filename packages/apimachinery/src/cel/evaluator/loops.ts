import type { ComprehensionNode, Node } from "../parser/ast.ts";
import { accumulator } from "../parser/macros.ts";
import { CollectingList, CelList } from "../values/list.ts";
import { CelMap, CollectingMap } from "../values/map.ts";
import { CelDouble, CelFailure, CelTypeValue, CelUint, noSuchOverload, type Evaluated } from "../values/value.ts";
import type { Frame, Step } from "./frame.ts";
import { otherPlan, type Plan } from "./plan.ts";

/** A variable of a loop; `init` computes it when it is read before the loop has set it. */
export interface LoopSlots {
  readonly name: string;
  readonly init: Step;
}

interface Scope {
  readonly plan: (node: Node) => Plan;
  /** Declares variables, and tells where each is kept. */
  readonly declare: (variables: readonly LoopSlots[]) => number[];
  /** Forgets the last so many variables. */
  readonly leave: (count: number) => void;
}

interface Loop {
  readonly range: Step;
  readonly condition: Step;
  readonly step: Step;
  readonly result: Step;
  readonly accu: number;
  readonly first: number;
  /** Undefined for a loop with one variable. */
  readonly second: number | undefined;
}

const unset: Step = () => noSuchOverload;

/** A comprehension: evaluates a step for each item, as long as a condition does not say otherwise. */
export function planLoop(node: ComprehensionNode, scope: Scope): Plan {
  const range = scope.plan(node.range).evaluate;
  const init = scope.plan(node.accuInit).evaluate;
  const [accu = 0] = scope.declare([{ name: node.accuVar, init: node.accuVar === accumulator ? collecting(init) : init }]);
  const names = node.iterVar2 === undefined ? [node.iterVar] : [node.iterVar, node.iterVar2];
  const [first = 0, second] = scope.declare(names.map((name) => ({ name, init: unset })));
  const condition = scope.plan(node.condition).evaluate;
  const step = scope.plan(node.step).evaluate;
  scope.leave(names.length);
  const result = scope.plan(node.result).evaluate;
  scope.leave(1);
  return otherPlan((frame) => run(frame, { range, condition, step, result, accu, first, second }));
}

/** Results are collected in place: the accumulator has no other name, so nobody can see it change. */
function collecting(init: Step): Step {
  return (frame) => {
    const value = init(frame);
    if (value instanceof CelList && value.size === 0) return new CollectingList();
    return value instanceof CelMap && value.size === 0 ? new CollectingMap() : value;
  };
}

function run(frame: Frame, loop: Loop): Evaluated {
  const range = loop.range(frame);
  if (range instanceof CelFailure) return range;
  // The slots may hold what an earlier run of the same loop left there.
  frame.slots[loop.accu] = undefined;
  if (range instanceof CelList) runList(frame, loop, range);
  else if (range instanceof CelMap) runMap(frame, loop, range);
  else return notIterable(range, loop.second !== undefined);
  const result = loop.result(frame);
  if (result instanceof CollectingList || result instanceof CollectingMap) return result.finish();
  return result;
}

function runList(frame: Frame, loop: Loop, list: CelList): void {
  for (let index = 0; index < list.size; index++) {
    frame.slots[loop.first] = loop.second === undefined ? list.at(index) : index;
    if (loop.second !== undefined) frame.slots[loop.second] = list.at(index);
    if (!runStep(frame, loop)) return;
  }
}

function runMap(frame: Frame, loop: Loop, map: CelMap): void {
  for (const key of map.keys()) {
    frame.slots[loop.first] = key;
    if (loop.second !== undefined) frame.slots[loop.second] = map.find(key) ?? null;
    if (!runStep(frame, loop)) return;
  }
}

/** Whether the loop goes on. A condition that fails does not end it. */
function runStep(frame: Frame, { condition, step, accu }: Loop): boolean {
  if (condition(frame) === false) return false;
  frame.slots[accu] = step(frame);
  return true;
}

function notIterable(range: Evaluated, isPair: boolean): CelFailure {
  const name = goTypeOf(range);
  return new CelFailure(isPair ? `unsupported comprehension range type: ${name}` : `got '${name}', expected iterable type`);
}

/** As cel-go's messages name the types of values. */
function goTypeOf(value: Evaluated): string {
  if (value === null) return "types.Null";
  if (typeof value === "string") return "types.String";
  if (typeof value === "boolean") return "types.Bool";
  if (typeof value === "number" || typeof value === "bigint") return "types.Int";
  if (value instanceof Uint8Array) return "types.Bytes";
  if (value instanceof CelDouble) return "types.Double";
  if (value instanceof CelUint) return "types.Uint";
  return value instanceof CelTypeValue ? "*types.Type" : "types.Object";
}
