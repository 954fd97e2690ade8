import { CelFailure, celNone, CelOptional, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import type { Frame, Step } from "./frame.ts";
import { lookUp, missing } from "./qualify.ts";

/** `.field`, `[index]`, or their optional forms. */
export interface Qualifier {
  /** The key, computed without a charge of its own. */
  readonly key: Step;
  readonly isOptional: boolean;
  /** Of `has()`: whether there is such a field. */
  readonly isTest: boolean;
}

/**
 * A value that is reached by selections from a variable or from the result of a call. cel-go evaluates a whole chain at once, which is
 * why its costs are counted here and not at each selection: one for each qualifier, and one for the chain by whoever evaluates it.
 */
export interface Attribute {
  add(qualifier: Qualifier): void;
  resolve: Step;
}

/** From a variable, or from any expression. */
export function rootedAttribute(root: Step): Attribute {
  const qualifiers: Qualifier[] = [];
  return {
    add: (qualifier) => qualifiers.push(qualifier),
    resolve: (frame) => {
      const value = root(frame);
      return qualifiers.length === 0 || value instanceof CelFailure ? value : qualify(frame, value, qualifiers);
    },
  };
}

/** `condition ? a : b`; selections from it are selections from both. */
export function conditionalAttribute(condition: Step, whenTrue: Attribute, whenFalse: Attribute): Attribute {
  return {
    add: (qualifier) => {
      whenTrue.add(qualifier);
      whenFalse.add(qualifier);
    },
    resolve: (frame) => {
      const value = condition(frame);
      if (value === true) return whenTrue.resolve(frame);
      if (value === false) return whenFalse.resolve(frame);
      return value instanceof CelFailure ? value : noSuchOverload;
    },
  };
}

/** Once a part of the chain is optional, so is what it leads to. */
function qualify(frame: Frame, start: CelValue, qualifiers: readonly Qualifier[]): Evaluated {
  let isOptional = false;
  let value: CelValue = start;
  if (start instanceof CelOptional) {
    if (start.value === undefined) return start;
    value = start.value;
    isOptional = true;
  }
  for (const qualifier of qualifiers) {
    isOptional ||= qualifier.isOptional;
    const found = isOptional ? qualifyIfPresent(frame, value, qualifier) : qualifyStrictly(frame, value, qualifier);
    if (found === undefined) return celNone;
    if (found instanceof CelFailure) return found;
    value = found;
  }
  return isOptional ? new CelOptional(value) : value;
}

function qualifyStrictly(frame: Frame, value: CelValue, { key: keyOf, isTest }: Qualifier): Evaluated {
  const key = keyOf(frame);
  frame.charge(1);
  if (key instanceof CelFailure) return key;
  const found = lookUp(value, key);
  // Null is a value.
  if (!isTest) return found === undefined ? missing(value, key) : found;
  return found instanceof CelFailure ? found : found !== undefined;
}

/** Undefined when there is nothing, which costs nothing. */
function qualifyIfPresent(frame: Frame, value: CelValue, { key: keyOf }: Qualifier): Evaluated | undefined {
  const key = keyOf(frame);
  if (key instanceof CelFailure) return key;
  const found = lookUp(value, key);
  if (found !== undefined && !(found instanceof CelFailure)) frame.charge(1);
  return found;
}
