import type { Checked, ResolvedCall } from "../checker/checked.ts";
import type { CallNode, ComprehensionNode, Node, SelectNode } from "../parser/ast.ts";
import { accumulator } from "../parser/macros.ts";
import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { estimateLibraryCall, unionOfEstimates, type CallEstimate } from "./call-estimates.ts";
import { listCost, mapCost, messageCost } from "./factors.ts";
import type { Part } from "./part.ts";
import { exactly, nothing, product, sum, union, type Range } from "./range.ts";
import { Sizes } from "./sizes.ts";
import { estimateStandardCall } from "./standard-estimates.ts";

const one = exactly(1);

/** Adds up what the parts of an expression cost, and keeps track of the sizes of their results on the way. */
export class Estimator {
  readonly #checked: Checked;
  readonly #sizes: Sizes;

  constructor(checked: Checked, sizesFrom: CelType | undefined) {
    this.#checked = checked;
    this.#sizes = new Sizes((node) => this.#typeOf(node), sizesFrom);
  }

  cost(node: Node): Range {
    const reference = this.#checked.references.get(node);
    if (reference !== undefined && (node.kind === "ident" || node.kind === "select")) {
      this.#sizes.refer(node, reference.kind === "type" ? reference.type.name : reference.name);
      return one;
    }
    switch (node.kind) {
      case "select":
        return this.#selectCost(node);
      case "call":
        return this.#callCost(node);
      case "list":
        return this.#listCost(
          node.elements.map(({ value }) => value),
          node,
        );
      case "map":
        return this.#mapCost(node);
      case "struct":
        return sum(exactly(messageCost), ...node.fields.map(({ value }) => this.cost(value)));
      case "comprehension":
        return isBinding(node) ? this.#bindingCost(node) : this.#loopCost(node);
      default:
        return nothing;
    }
  }

  #typeOf(node: Node): CelType {
    return this.#checked.types.get(node) ?? celTypes.dyn;
  }

  /** Asking whether there is a field is free, once its object is there. */
  #selectCost(node: SelectNode): Range {
    const operand = this.cost(node.operand);
    if (node.isTest) return operand;
    this.#sizes.place(node, [...this.#sizes.pathOf(node.operand), node.field]);
    const { kind } = this.#typeOf(node.operand);
    return kind === "map" || kind === "object" || kind === "param" ? sum(operand, one) : operand;
  }

  #listCost(elements: readonly Node[], node: Node): Range {
    const costs = elements.map((element) => this.cost(element));
    this.#sizes.setEntries(node, { kind: "list", key: one, value: this.#sizes.spanOf(elements) });
    return sum(exactly(listCost), ...costs);
  }

  #mapCost(node: Node & { readonly kind: "map" }): Range {
    const costs = node.entries.map(({ key, value }) => sum(this.cost(key), this.cost(value)));
    const key = this.#sizes.spanOf(node.entries.map((entry) => entry.key));
    const value = this.#sizes.spanOf(node.entries.map((entry) => entry.value));
    this.#sizes.setEntries(node, { kind: "map", key, value });
    return sum(exactly(mapCost), ...costs);
  }

  #callCost(node: CallNode): Range {
    const call = this.#checked.calls.get(node);
    if (call === undefined) return nothing;
    if (call.name === "dyn") {
      const [argument] = call.args as [Node];
      const cost = sum(one, this.cost(argument));
      this.#sizes.copy(node, argument);
      return cost;
    }
    const args: Part[] = [];
    const costs: Range[] = [];
    for (const argument of call.args) {
      costs.push(this.cost(argument));
      args.push(this.#sizes.partOf(argument));
    }
    const targetCost = call.target === undefined ? nothing : this.cost(call.target);
    const target = call.target === undefined ? undefined : this.#sizes.partOf(call.target);
    return sum(targetCost, this.#overloadsCost(node, call, { target, args, costs }));
  }

  /** Between the cheapest and the dearest of the overloads that it may turn out to be. */
  #overloadsCost(
    node: CallNode,
    call: ResolvedCall,
    { target, args, costs }: { readonly target: Part | undefined; readonly args: readonly Part[]; readonly costs: readonly Range[] },
  ): Range {
    let estimate: CallEstimate | undefined;
    let size: Range | undefined;
    for (const { id } of call.overloads) {
      const found =
        estimateLibraryCall(call.name, { overload: id, target, args, itemOf: (list) => this.#sizes.itemOf(list) }) ??
        this.#languageCall(node, id, { parts: target === undefined ? args : [target, ...args], costs });
      const isOwn = id === "logical_or" || id === "logical_and" || id === "conditional";
      const whole = isOwn ? found : { ...found, cost: sum(found.cost, ...costs) };
      estimate = unionOfEstimates(estimate, whole);
      size = this.#sizes.resultOf(node, id, { size, found: whole.size });
    }
    if (size !== undefined) this.#sizes.set(node, size);
    return estimate?.cost ?? nothing;
  }

  /** Operators that do not evaluate all of their arguments include the cost of these. */
  #languageCall(
    node: CallNode,
    overload: string,
    { parts, costs }: { readonly parts: readonly Part[]; readonly costs: readonly Range[] },
  ): CallEstimate {
    const [first = nothing, second = nothing, third = nothing] = costs;
    switch (overload) {
      case "logical_or":
      case "logical_and":
        return { cost: { min: first.min, max: sum(first, second).max } };
      case "conditional":
        return { cost: sum(first, union(second, third)), size: this.#sizes.eitherOf(node, node.args.slice(1)) };
      case "add_string":
      case "add_bytes":
      case "add_list":
        this.#sizes.eitherOf(node, node.args);
        return estimateStandardCall(overload, parts);
      default:
        return estimateStandardCall(overload, parts);
    }
  }

  #loopCost(node: ComprehensionNode): Range {
    const before = [this.cost(node.range), this.cost(node.accuInit)];
    this.#sizes.bind(node.accuVar, node.accuInit);
    const count = this.#sizes.enterLoop(node);
    const turn = sum(this.cost(node.condition), this.cost(node.step));
    const entries = this.#sizes.entriesOf(node.step);
    this.#sizes.leave(count);
    const after = this.cost(node.result);
    this.#sizes.leave(1);
    const turns = this.#sizes.sizeOrUnknown(node.range);
    const cost = sum(...before, after, product(turns, turn));
    if (node.accuInit.kind === "literal") this.#sizes.set(node, this.#sizes.sizeOrUnknown(node.accuInit));
    else if (node.accuInit.kind === "list" || node.accuInit.kind === "map") {
      this.#sizes.set(node, turns);
      this.#sizes.setEntries(node, entries);
    }
    return cost;
  }

  #bindingCost(node: ComprehensionNode): Range {
    const before = [this.cost(node.range), this.cost(node.accuInit)];
    this.#sizes.bind(node.accuVar, node.accuInit);
    const result = this.cost(node.result);
    // The size is looked at while the name still stands for something.
    const size = this.#sizes.sizeOf(node.result);
    const entries = this.#sizes.entriesOf(node.result);
    this.#sizes.leave(1);
    if (size !== undefined) this.#sizes.set(node, size);
    this.#sizes.setEntries(node, entries);
    return sum(...before, result);
  }
}

/** `cel.bind` and the like are loops that never turn. */
function isBinding({ range, condition, accuVar }: ComprehensionNode): boolean {
  const isEmpty = range.kind === "list" && range.elements.length === 0;
  return isEmpty && condition.kind === "literal" && condition.value === false && accuVar !== accumulator;
}
