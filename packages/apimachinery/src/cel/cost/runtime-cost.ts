import { operators } from "../parser/operators.ts";
import type { NamedFormat } from "../library/formats.ts";
import { CelAuthorizationCheck } from "../authorizer.ts";
import { CelList } from "../values/list.ts";
import { CelMap } from "../values/map.ts";
import { CelOpaque } from "../values/opaque.ts";
import { byteSizeOfText, sizeOfText } from "../values/text.ts";
import { CelOptional, type Evaluated } from "../values/value.ts";
import { checkCost, costsNothingMuch, perRegexCharacter, perTextCharacter, selectorCost } from "./factors.ts";

/** What a call costs. `result` may only be looked at by rules that need it. */
export interface CallCost {
  readonly of: (args: readonly Evaluated[], result: Evaluated) => number;
  readonly needsResult: boolean;
}

type Rule = (args: readonly Evaluated[]) => number;

/**
 * What a call costs when it is evaluated, as Kubernetes' estimator and cel-go count it: by function name, then by overload.
 * `id` is empty when only the values decide which overload it is; such calls cost 1 unless their name has a rule.
 */
export function callCost(name: string, id: string): CallCost {
  if (name === "join") return { of: (_, result) => traversal(2 * sizeOf(result)), needsResult: true };
  if (id === "list_slice" || id === "list_reverse") return { of: (_, result) => sizeOf(result) + 11, needsResult: true };
  const rule = overloadRules[id] ?? sortRule(id) ?? nameRule(name) ?? idRules[id];
  return { of: rule ?? (() => 1), needsResult: false };
}

function nameRule(name: string): Rule | undefined {
  if (costsNothingMuch.has(name)) return () => 1;
  return Object.hasOwn(nameRules, name) ? nameRules[name] : undefined;
}

/** Characters, bytes, items or entries; 1 for what has no size. */
function sizeOf(value: Evaluated | undefined): number {
  if (typeof value === "string") return sizeOfText(value);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList || value instanceof CelMap || value instanceof CelOpaque) return value.size;
  return value instanceof CelOptional && value.value !== undefined ? sizeOf(value.value) : 1;
}

function traversal(size: number): number {
  return Math.ceil(size * perTextCharacter);
}

const first: Rule = ([value]) => traversal(sizeOf(value));
const firstTwice: Rule = ([value]) => Math.ceil(sizeOf(value) * 2 * perTextCharacter);
const smaller: Rule = ([left, right]) => traversal(Math.min(sizeOf(left), sizeOf(right)));
const both: Rule = ([left, right]) => traversal(sizeOf(left) + sizeOf(right));
const search: Rule = ([text, pattern]) => traversal(1 + sizeOf(text)) * Math.ceil(sizeOf(pattern) * perRegexCharacter);

/** Of reading all of a value once. */
function treeCost(value: Evaluated): number {
  if (typeof value === "string") return Math.floor(byteSizeOfText(value) * perTextCharacter);
  if (value instanceof Uint8Array) return Math.floor(value.length * perTextCharacter);
  let cost = 0;
  if (value instanceof CelList) for (const item of value) cost += treeCost(item);
  else if (value instanceof CelMap) for (const key of value.keys()) cost += treeCost(key) + treeCost(value.find(key) ?? null);
  else return 1;
  return cost;
}

const tree: Rule = ([value]) => (value === undefined ? 0 : treeCost(value));

/** A network's address takes part twice, then what is read from text. */
function networkCost(isCidr: boolean, isText: boolean): Rule {
  return ([network, other]) => {
    const size = sizeOf(network);
    return traversal(size + size) + (isCidr ? traversal(size) + 1 : 0) + (isText ? traversal(sizeOf(other)) : 0);
  };
}

function validateCost([format, text]: readonly Evaluated[]): number {
  if (!(format instanceof CelOpaque)) return 1;
  const { patternSize } = format.value as NamedFormat;
  return traversal(1 + sizeOf(text)) * Math.ceil(patternSize * perRegexCharacter);
}

/** Kubernetes' own rules, which go by name. */
const nameRules: Readonly<Record<string, Rule>> = {
  check: () => checkCost,
  fieldSelector: ([, selector]) => selectorCost(sizeOf(selector)),
  labelSelector: ([, selector]) => selectorCost(sizeOf(selector)),
  isSorted: tree,
  sum: tree,
  max: tree,
  min: tree,
  indexOf: tree,
  lastIndexOf: tree,
  url: first,
  lowerAscii: first,
  upperAscii: first,
  substring: first,
  trim: first,
  "jsonpatch.escapeKey": first,
  replace: firstTwice,
  split: firstTwice,
  find: search,
  findAll: search,
  cidr: first,
  isIP: first,
  isCIDR: first,
  ip: first,
  "ip.isCanonical": firstTwice,
  quantity: first,
  isQuantity: first,
  semver: first,
  isSemver: first,
  validate: validateCost,
  [operators.equals]: (args) => (isConstantSize(args[0]) ? 1 : smaller(args)),
};

function isConstantSize(value: Evaluated | undefined): boolean {
  return value instanceof CelOpaque || value instanceof CelAuthorizationCheck;
}

/** Rules of cel-go's own libraries, which come before those by name. */
const overloadRules: Readonly<Record<string, Rule>> = {
  lists_range: ([count]) => Math.max(0, Number(count)) + 11,
  list_flatten: ([list]) => sizeOf(list) + 11,
  list_flatten_int: ([list, depth]) => Math.floor(sizeOf(list) * Number(depth)) + 11,
  list_distinct: ([list]) => selfCompareCost(list),
  list_sets_contains_list: ([left, right]) => 1 + sizeOf(left) * sizeOf(right),
  list_sets_intersects_list: ([left, right]) => 1 + sizeOf(left) * sizeOf(right),
  list_sets_equivalent_list: ([left, right]) => 1 + sizeOf(left) * sizeOf(right) * 2,
  cidr_ip: () => 1,
  cidr_contains_ip_string: networkCost(false, true),
  cidr_contains_ip_ip: networkCost(false, false),
  cidr_contains_cidr_string: networkCost(true, true),
  cidr_contains_cidr: networkCost(true, false),
};

function sortRule(id: string): Rule | undefined {
  if (/^list_.*_sort$/.test(id)) return ([list]) => selfCompareCost(list);
  return id.endsWith("_sortByAssociatedKeys") ? ([, keys]) => selfCompareCost(keys) : undefined;
}

function selfCompareCost(list: Evaluated | undefined): number {
  const size = sizeOf(list);
  const item = list instanceof CelList && list.size > 0 ? list.at(0) : undefined;
  const isText = typeof item === "string" || item instanceof Uint8Array;
  return Math.floor(size * size * (isText ? 2 + perTextCharacter : 2)) + 11;
}

/** cel-go's rules for the standard functions. */
const idRules: Readonly<Record<string, Rule>> = {
  starts_with_string: first,
  ends_with_string: first,
  string_to_bytes: first,
  bytes_to_string: first,
  strings_quote: first,
  string_format: first,
  in_list: ([, list]) => sizeOf(list),
  not_equals: smaller,
  ...Object.fromEntries(
    ["less", "less_equals", "greater", "greater_equals"].flatMap((name) => [
      [`${name}_string`, smaller],
      [`${name}_bytes`, smaller],
    ]),
  ),
  add_string: both,
  add_bytes: both,
  matches_string: search,
  contains_string: ([text, part]) => traversal(sizeOf(text)) * traversal(sizeOf(part)),
};
