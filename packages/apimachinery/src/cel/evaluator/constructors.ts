import type { CelType } from "../types/type.ts";
import { ArrayList } from "../values/list.ts";
import { CollectingMap } from "../values/map.ts";
import { CelMessage } from "../values/message.ts";
import { valueText } from "../values/value-text.ts";
import { CelFailure, CelOptional, type CelValue, type Evaluated } from "../values/value.ts";
import type { Frame, Step } from "./frame.ts";
import { constantPlan, otherPlan, type Plan } from "./plan.ts";

const listCost = 10;
const mapCost = 30;
const messageCost = 40;

/** A list. One of constants only is a constant, and free. */
export function constructList(elements: readonly { readonly plan: Plan; readonly isOptional: boolean }[]): Plan {
  const constants = elements.flatMap(({ plan }) => (plan.kind === "constant" ? [plan.value] : []));
  if (constants.length === elements.length && elements.every(({ isOptional }) => !isOptional))
    return constantPlan(new ArrayList(constants));
  return otherPlan((frame) => {
    const result = evaluateList(frame, elements);
    frame.charge(listCost);
    return result;
  });
}

function evaluateList(frame: Frame, elements: readonly { readonly plan: Plan; readonly isOptional: boolean }[]): Evaluated {
  const items: CelValue[] = [];
  for (const { plan, isOptional } of elements) {
    const value = plan.evaluate(frame);
    if (value instanceof CelFailure) return value;
    if (!isOptional) items.push(value);
    else if (!(value instanceof CelOptional))
      return new CelFailure(`cannot initialize optional list element from non-optional value ${valueText(value)}`);
    else if (value.value !== undefined) items.push(value.value);
  }
  return new ArrayList(items);
}

interface MapPart {
  readonly key: Plan;
  readonly value: Plan;
  readonly isOptional: boolean;
}

/** A map. One of constants only is a constant, and free. */
export function constructMap(entries: readonly MapPart[]): Plan {
  const isConstant = entries.every(({ key, value, isOptional }) => key.kind === "constant" && value.kind === "constant" && !isOptional);
  const evaluate: Step = (frame) => evaluateMap(frame, entries);
  if (isConstant) {
    const map = new CollectingMap();
    for (const { key, value } of entries) if (key.kind === "constant" && value.kind === "constant") map.set(key.value, value.value);
    return constantPlan(map.finish());
  }
  return otherPlan((frame) => {
    const result = evaluate(frame);
    frame.charge(mapCost);
    return result;
  });
}

function evaluateMap(frame: Frame, entries: readonly MapPart[]): Evaluated {
  const map = new CollectingMap();
  for (const entry of entries) {
    const key = entry.key.evaluate(frame);
    if (key instanceof CelFailure) return key;
    const value = entry.value.evaluate(frame);
    if (value instanceof CelFailure) return value;
    const failure = setEntry(map, key, { value, isOptional: entry.isOptional });
    if (failure !== undefined) return failure;
  }
  return map.finish();
}

function setEntry(
  map: CollectingMap,
  key: CelValue,
  { value, isOptional }: { value: CelValue; isOptional: boolean },
): CelFailure | undefined {
  if (!isOptional) return map.set(key, value);
  if (!(value instanceof CelOptional)) return notOptional(valueText(key), value);
  if (value.value !== undefined) return map.set(key, value.value);
  map.delete(key);
  return undefined;
}

function notOptional(name: string, value: CelValue): CelFailure {
  return new CelFailure(`cannot initialize optional entry '${name}' from non-optional value ${valueText(value)}`);
}

interface FieldPart {
  readonly name: string;
  readonly plan: Plan;
  readonly isOptional: boolean;
}

/** `Object{}` or `JSONPatch{}`. */
export function constructMessage(type: CelType, parts: readonly FieldPart[]): Plan {
  return otherPlan((frame) => {
    const result = evaluateMessage(frame, type, parts);
    frame.charge(messageCost);
    return result;
  });
}

function evaluateMessage(frame: Frame, type: CelType, parts: readonly FieldPart[]): Evaluated {
  const fields = new Map<string, CelValue>();
  for (const { name, plan, isOptional } of parts) {
    const given = plan.evaluate(frame);
    if (given instanceof CelFailure) return given;
    if (isOptional && !(given instanceof CelOptional)) return notOptional(name, given);
    const value = isOptional && given instanceof CelOptional ? given.value : given;
    if (value === undefined) {
      fields.delete(name);
      continue;
    }
    if (type.fields?.get(name)?.kind === "string" && typeof value !== "string")
      return new CelFailure(`unexpected type for ${type.name}Type '${name}' field`);
    fields.set(name, value);
  }
  return new CelMessage(type, fields);
}
