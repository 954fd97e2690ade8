import type { CelValue } from "../values/value.ts";
import { rootedAttribute, type Attribute } from "./attribute.ts";
import type { Step } from "./frame.ts";

/** How a node is evaluated, and what a node around it may take advantage of. */
export type Plan =
  | { readonly kind: "constant"; readonly value: CelValue; readonly evaluate: Step }
  | { readonly kind: "attribute"; readonly attribute: Attribute; readonly evaluate: Step }
  | { readonly kind: "other"; readonly evaluate: Step };

export function constantPlan(value: CelValue): Plan {
  return { kind: "constant", value, evaluate: () => value };
}

/** `cost` is that of evaluating the chain as such. */
export function attributePlan(attribute: Attribute, cost: 0 | 1): Plan {
  const { resolve } = attribute;
  if (cost === 0) return { kind: "attribute", attribute, evaluate: resolve };
  return {
    kind: "attribute",
    attribute,
    evaluate: (frame) => {
      const value = resolve(frame);
      frame.charge(1);
      return value;
    },
  };
}

export function otherPlan(evaluate: Step): Plan {
  return { kind: "other", evaluate };
}

/** The plan as the start of a chain. */
export function attributeOf(plan: Plan): Attribute {
  return plan.kind === "attribute" ? plan.attribute : rootedAttribute(plan.evaluate);
}
