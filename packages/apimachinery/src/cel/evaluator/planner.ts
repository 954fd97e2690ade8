import type { Checked, Reference, ResolvedCall } from "../checker/checked.ts";
import type { CelEnvironment } from "../environment.ts";
import type { CallNode, ListNode, MapNode, Node, SelectNode, StructNode } from "../parser/ast.ts";
import { operators } from "../parser/operators.ts";
import { celTypes } from "../types/types.ts";
import { CelFailure, CelOptional, CelTypeValue, noSuchOverload } from "../values/value.ts";
import { conditionalAttribute, rootedAttribute, type Qualifier } from "./attribute.ts";
import { planCall } from "./calls.ts";
import { constructList, constructMap, constructMessage } from "./constructors.ts";
import type { Step } from "./frame.ts";
import { planLoop, type LoopSlots } from "./loops.ts";
import { attributeOf, attributePlan, constantPlan, otherPlan, type Plan } from "./plan.ts";

/** A checked expression as closures, and how many loop variables they need. */
export interface Planned {
  readonly evaluate: Step;
  readonly slotCount: number;
}

/** @throws {CelCompileError} of the stage `instantiation`, when a constant part can have no value: `int('x')` */
export function plan(checked: Checked, environment: CelEnvironment): Planned {
  const planner = new Planner(checked, environment);
  const { evaluate } = planner.plan(checked.root);
  return { evaluate, slotCount: planner.slotCount };
}

class Planner {
  slotCount = 0;
  readonly #checked: Checked;
  readonly #environment: CelEnvironment;
  /** The loop variables in scope, the innermost last. */
  readonly #scope: { readonly name: string; readonly step: Step }[] = [];

  constructor(checked: Checked, environment: CelEnvironment) {
    this.#checked = checked;
    this.#environment = environment;
  }

  plan(node: Node): Plan {
    const reference = this.#checked.references.get(node);
    if (reference !== undefined && (node.kind === "ident" || node.kind === "select")) return this.#named(reference);
    switch (node.kind) {
      case "literal":
        return constantPlan(node.value);
      case "select":
        return this.#select(node);
      case "call":
        return this.#call(node);
      case "list":
        return this.#list(node);
      case "map":
        return this.#map(node);
      case "struct":
        return this.#struct(node, reference);
      case "comprehension":
        return planLoop(node, {
          plan: (part) => this.plan(part),
          declare: (names) => this.#declare(names),
          leave: (count) => (this.#scope.length -= count),
        });
      default:
        return otherPlan(() => noSuchOverload);
    }
  }

  #named(reference: Reference): Plan {
    if (reference.kind === "type") return constantPlan(new CelTypeValue(reference.type));
    return attributePlan(rootedAttribute(reference.kind === "local" ? this.#local(reference.name) : this.#variable(reference.name)), 1);
  }

  #variable(name: string): Step {
    const type = this.#environment.variables.get(name) ?? celTypes.dyn;
    return (frame) => frame.variable(name, type);
  }

  #local(name: string): Step {
    return this.#scope.findLast((variable) => variable.name === name)?.step ?? (() => new CelFailure(`no such attribute(s): ${name}`));
  }

  /** Gives each loop variable a place of its own. */
  #declare(variables: readonly LoopSlots[]): number[] {
    return variables.map(({ name, init }) => {
      const slot = this.slotCount++;
      const step: Step = (frame) => {
        const value = frame.slots[slot];
        return value === undefined ? (frame.slots[slot] = init(frame)) : value;
      };
      this.#scope.push({ name, step });
      return slot;
    });
  }

  #select(node: SelectNode): Plan {
    const attribute = attributeOf(this.plan(node.operand));
    attribute.add({ key: () => node.field, isOptional: false, isTest: node.isTest });
    if (!node.isTest) return attributePlan(attribute, 1);
    const { resolve } = attribute;
    return {
      kind: "attribute",
      attribute,
      evaluate: (frame) => {
        const value = resolve(frame);
        return value instanceof CelOptional ? value.value !== undefined : value;
      },
    };
  }

  #call(node: CallNode): Plan {
    const call = this.#checked.calls.get(node);
    if (call === undefined) return otherPlan(() => noSuchOverload);
    const args = (call.target === undefined ? call.args : [call.target, ...call.args]).map((argument) => this.plan(argument));
    return this.#operator(call, args) ?? planCall(call, args);
  }

  /** What is not evaluated as calls are. */
  #operator({ name }: ResolvedCall, args: readonly Plan[]): Plan | undefined {
    const [first, second, third] = args as [Plan, Plan, Plan];
    switch (name) {
      case operators.and:
        return otherPlan(shortCircuit(false, first.evaluate, second.evaluate));
      case operators.or:
        return otherPlan(shortCircuit(true, first.evaluate, second.evaluate));
      case operators.conditional:
        return attributePlan(conditionalAttribute(first.evaluate, attributeOf(second), attributeOf(third)), 0);
      case operators.index:
        return index(first, second, false);
      case operators.optIndex:
      case operators.optSelect:
        return index(first, second, true);
      case "or":
      case "orValue":
        return otherPlan(optionalOr(first.evaluate, second.evaluate, name === "orValue"));
      default:
        return undefined;
    }
  }

  #list(node: ListNode): Plan {
    const elements = node.elements.map(({ value, isOptional }) => ({ plan: this.plan(value), isOptional }));
    return constructList(elements);
  }

  #map(node: MapNode): Plan {
    const entries = node.entries.map(({ key, value, isOptional }) => ({ key: this.plan(key), value: this.plan(value), isOptional }));
    return constructMap(entries);
  }

  #struct(node: StructNode, reference: Reference | undefined): Plan {
    const type = reference?.kind === "type" ? reference.type : celTypes.dyn;
    const fields = node.fields.map(({ name, value, isOptional }) => ({ name, plan: this.plan(value), isOptional }));
    return constructMessage(type, fields);
  }
}

/** `&&` (deciding value false) and `||` (true): one side may decide even if the other fails. */
function shortCircuit(deciding: boolean, left: Step, right: Step): Step {
  return (frame) => {
    const first = left(frame);
    if (first === deciding) return deciding;
    const second = right(frame);
    if (second === deciding) return deciding;
    if (first !== !deciding) return first instanceof CelFailure ? first : noSuchOverload;
    return second === !deciding || second instanceof CelFailure ? second : noSuchOverload;
  };
}

function index(target: Plan, key: Plan, isOptional: boolean): Plan {
  const attribute = attributeOf(target);
  // A key that is itself a chain is resolved without the cost of evaluating it.
  const qualifier: Qualifier = { key: key.kind === "attribute" ? key.attribute.resolve : key.evaluate, isOptional, isTest: false };
  attribute.add(qualifier);
  return attributePlan(attribute, 1);
}

function optionalOr(left: Step, right: Step, unwraps: boolean): Step {
  return (frame) => {
    const first = left(frame);
    if (first instanceof CelFailure) return first;
    if (!(first instanceof CelOptional)) return noSuchOverload;
    if (first.value === undefined) return right(frame);
    return unwraps ? first.value : first;
  };
}
