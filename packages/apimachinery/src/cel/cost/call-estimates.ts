import { operators } from "../parser/operators.ts";
import { isExactType } from "../types/relate.ts";
import { celTypes } from "../types/types.ts";
import {
  checkCost,
  costsNothingMuch,
  listCost,
  longestFormat,
  longestPattern,
  messageCost,
  perRegexCharacter,
  perTextCharacter,
} from "./factors.ts";
import { sizeOfPart, type Part } from "./part.ts";
import { exactly, largest, product, scaled, sum, union, wrapped, type Range } from "./range.ts";
import { replacedSize } from "./replaced-size.ts";

/** What a call costs, without its arguments, and the size of its result where that is text or a collection. */
export interface CallEstimate {
  readonly cost: Range;
  readonly size?: Range;
}

export interface EstimatedCall {
  readonly overload: string;
  readonly target: Part | undefined;
  readonly args: readonly Part[];
  /** An item of a list of which nothing but its place in the data is known. Undefined for what is no list. */
  readonly itemOf: (list: Part) => Part | undefined;
}

type Estimate = (call: EstimatedCall) => CallEstimate | undefined;

const one = exactly(1);

/** Upstream's estimate for a function of Kubernetes or of cel-go's libraries; undefined for the language's own functions. */
export function estimateLibraryCall(name: string, call: EstimatedCall): CallEstimate | undefined {
  const byOverload = overloadEstimate(call.overload)?.(call);
  if (byOverload !== undefined) return byOverload;
  if (costsNothingMuch.has(name)) return { cost: one };
  return Object.hasOwn(byName, name) ? byName[name]?.(call) : undefined;
}

function traversal(size: Range, factor = 1): Range {
  return scaled(size, factor * perTextCharacter);
}

/** Reads the first argument, which may be a target. */
function reading(factor: number, keepsSize = false): Estimate {
  return ({ target, args }) => {
    const part = target ?? args[0];
    if (part === undefined) return undefined;
    const size = sizeOfPart(part);
    return { cost: traversal(size, factor), ...(keepsSize ? { size } : {}) };
  };
}

/** One comparison for each item, or one look at each character. */
const traversing: Estimate = ({ target, itemOf }) => {
  if (target === undefined) return undefined;
  const item = itemOf(target);
  if (item === undefined) return { cost: traversal(sizeOfPart(target)) };
  const isText = item.type.kind === "string" || item.type.kind === "bytes";
  return { cost: product(sizeOfPart(target), isText ? sum(one, traversal(sizeOfPart(item))) : one) };
};

const selecting: Estimate = ({ args: [selector] }) => {
  if (selector === undefined) return undefined;
  const size = sizeOfPart(selector);
  return { cost: sum(exactly(listCost), traversal(size), scaled(scaled(size, 0.5), listCost + messageCost)) };
};

const searching: Estimate = ({ target, args: [pattern] }) => {
  if (target === undefined || pattern === undefined) return undefined;
  const size = sizeOfPart(target);
  return { cost: searchCost(size, sizeOfPart(pattern)), size: { min: 0n, max: size.max } };
};

/** Of matching a pattern; even an empty text is looked at once. */
export function searchCost(text: Range, pattern: Range): Range {
  return product(traversal(sum(text, one)), scaled(pattern, perRegexCharacter));
}

const replacing: Estimate = ({ target, args: [old, by] }) => {
  if (target === undefined || old === undefined || by === undefined) return undefined;
  const size = sizeOfPart(target);
  return { cost: traversal(size, 2), size: replacedSize(size, sizeOfPart(old), sizeOfPart(by)) };
};

/** In the worst case every character is a part. */
const splitting: Estimate = ({ target, args }) => {
  if (target === undefined) return undefined;
  const size = sizeOfPart(target);
  return { cost: traversal(size, 2), size: { min: 0n, max: integerOf(args[1], (value) => wrapped(value)) ?? size.max } };
};

const joining: Estimate = ({ target, args: [separator], itemOf }) => {
  if (target === undefined) return undefined;
  const list = sizeOfPart(target);
  const item = itemOf(target);
  const between = { min: list.min > 0n ? list.min - 1n : 0n, max: list.max > 0n ? list.max - 1n : 0n };
  const size = sum(
    item === undefined ? exactly(0) : product(list, sizeOfPart(item)),
    separator === undefined ? exactly(0) : product(sizeOfPart(separator), between),
  );
  return { cost: traversal(size), size };
};

/** Of an address: 4 to 16 bytes. */
const address: Range = { min: 4n, max: 16n };

const containing: Estimate = ({ overload, args: [other] }) => {
  if (other === undefined) return undefined;
  const isNetwork = overload.startsWith("cidr_contains_cidr");
  return {
    cost: sum(
      traversal(sum(address, address)),
      isNetwork ? sum(traversal(address), one) : exactly(0),
      overload.endsWith("_string") ? traversal(sizeOfPart(other)) : exactly(0),
    ),
  };
};

const validating: Estimate = ({ args: [text] }) =>
  text === undefined ? undefined : { cost: scaled(traversal(sizeOfPart(text)), longestPattern * perRegexCharacter) };

const { authorizer, pathCheck, groupCheck, resourceCheck, decision, quantity, semver, ip, cidr } = celTypes;
const comparedAtOnce = [authorizer, pathCheck, groupCheck, resourceCheck, decision, quantity, semver, ip, cidr];

/** Only values of Kubernetes' own types have a rule of their own. */
const equating: Estimate = ({ args: [left, right] }) => {
  if (left === undefined || right === undefined || !isExactType(left.type, right.type)) return undefined;
  const isOf = (type: Part["type"]): boolean => isExactType(type, left.type);
  if (comparedAtOnce.some(isOf)) return { cost: one };
  if (isOf(celTypes.format)) return { cost: traversal({ min: 1n, max: BigInt(longestFormat) }) };
  // Upstream looks at the right side only.
  return isOf(celTypes.url) ? { cost: traversal({ min: 1n, max: right.size?.max ?? 1n }) } : undefined;
};

const byName: Readonly<Record<string, Estimate>> = {
  check: () => ({ cost: exactly(checkCost) }),
  fieldSelector: selecting,
  labelSelector: selecting,
  isSorted: traversing,
  sum: traversing,
  max: traversing,
  min: traversing,
  indexOf: traversing,
  lastIndexOf: traversing,
  url: reading(1, true),
  "jsonpatch.escapeKey": reading(1, true),
  lowerAscii: reading(1, true),
  upperAscii: reading(1, true),
  substring: reading(1, true),
  trim: reading(1, true),
  replace: replacing,
  split: splitting,
  join: joining,
  find: searching,
  findAll: searching,
  cidr: reading(1),
  isIP: reading(1),
  isCIDR: reading(1),
  ip: (call) => (call.overload === "cidr_ip" ? { cost: one } : reading(1)(call)),
  "ip.isCanonical": reading(2),
  containsIP: containing,
  containsCIDR: containing,
  quantity: reading(1),
  isQuantity: reading(1),
  semver: reading(1),
  isSemver: reading(1),
  validate: validating,
  [operators.equals]: equating,
};

/** A list of so many items that is made anew. */
function newList(size: Range, factor = 1): CallEstimate {
  return { cost: sum(scaled(size, factor), exactly(1 + listCost)), size };
}

/** The value of a constant that is no less than 0. */
function integerOf(part: Part | undefined, read: (value: bigint) => bigint): bigint | undefined {
  if (part?.node?.kind !== "literal") return undefined;
  const { value } = part.node;
  return typeof value === "number" || typeof value === "bigint" ? read(BigInt(value)) : undefined;
}

function countOf(part: Part | undefined, otherwise: bigint): bigint {
  return integerOf(part, (value) => (value < 0n ? 0n : value)) ?? otherwise;
}

/** Every item is compared with every other one. */
function comparingAll(part: Part | undefined, isText: boolean): CallEstimate | undefined {
  if (part === undefined) return undefined;
  const size = sizeOfPart(part);
  return newList(product(size, size), isText ? 2 + perTextCharacter : 2);
}

function comparingSets(factor: number): Estimate {
  return ({ args: [left, right] }) =>
    left === undefined || right === undefined
      ? undefined
      : { cost: sum(scaled(product(sizeOfPart(left), sizeOfPart(right)), factor), one) };
}

const byOverload: Readonly<Record<string, Estimate>> = {
  list_slice: ({ target, args: [start, end] }) =>
    target && newList(exactly(wrapped(countOf(end, sizeOfPart(target).max) - countOf(start, 0n)))),
  lists_range: ({ args: [count] }) => newList(exactly(countOf(count, largest))),
  list_reverse: ({ target }) => target && newList(sizeOfPart(target)),
  list_flatten: ({ target }) => target && newList(sizeOfPart(target)),
  list_flatten_int: ({ target, args: [depth] }) => target && newList(sizeOfPart(target), Number(countOf(depth, largest))),
  list_distinct: ({ target }) => comparingAll(target, false),
  list_sets_contains_list: comparingSets(1),
  list_sets_intersects_list: comparingSets(1),
  list_sets_equivalent_list: comparingSets(2),
};

const sorting = /^list_(.+)_(sort|sortByAssociatedKeys)$/;

function overloadEstimate(id: string): Estimate | undefined {
  if (Object.hasOwn(byOverload, id)) return byOverload[id];
  const [, type, how] = sorting.exec(id) ?? [];
  if (how === undefined) return undefined;
  const isText = type === "string" || type === "bytes";
  return ({ target, args }) => comparingAll(how === "sort" ? target : args[0], isText);
}

/** Of choosing the cheaper or dearer of several overloads. */
export function unionOfEstimates(left: CallEstimate | undefined, right: CallEstimate): CallEstimate {
  if (left === undefined) return right;
  const size = left.size && right.size ? union(left.size, right.size) : (left.size ?? right.size);
  return { cost: union(left.cost, right.cost), ...(size === undefined ? {} : { size }) };
}
