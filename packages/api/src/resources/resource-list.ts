import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  type Quantity,
} from "@coracle/apimachinery";

/** Exact amounts by resource name. */
export type ResourceList = ReadonlyMap<string, Quantity>;

/** A list of quantities as the API writes it. */
export type WrittenResources = Readonly<Record<string, string | number>>;

/** Reads what the API wrote. @throws {QuantityError} for what is no quantity; stored objects have none. */
export function readResources(written: WrittenResources | undefined): Map<string, Quantity> {
  return new Map(Object.entries(written ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

/** The canonical form, ordered by name. */
export function writeResources(list: ResourceList): Record<string, string> {
  const names = [...list.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, formatQuantity(list.get(name) as Quantity)]));
}

/** Adds in place. */
export function addResources(into: Map<string, Quantity>, more: ResourceList): void {
  for (const [name, quantity] of more) {
    const present = into.get(name);
    into.set(name, present === undefined ? quantity : addQuantities(present, quantity));
  }
}

/** Raises in place to at least these amounts. */
export function raiseResources(into: Map<string, Quantity>, least: ResourceList): void {
  for (const [name, quantity] of least) {
    const present = into.get(name);
    if (present === undefined || compareQuantities(quantity, present) > 0) into.set(name, quantity);
  }
}

/** The amount as a node counts it: cpu in millicores, everything else in its own unit, rounded up. */
export function resourceAmount(name: string, quantity: Quantity): number {
  return name === "cpu" ? quantityMilliValue(quantity) : quantityValue(quantity);
}
