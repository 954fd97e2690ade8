import {
  compareQuantities,
  parseQuantity,
  qualifiedNameErrors,
  quantityFromInteger,
  quantityMilliValue,
  quantityToNumber,
  type Findings,
} from "@coracle/apimachinery";
import type { LimitRange, LimitRangeItem } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { isOvercommittable, validateContainerResourceName, validateResourceName } from "../shared/resource-names.ts";

const types = new Set(["Pod", "Container", "PersistentVolumeClaim"]);
const one = quantityFromInteger(1);

export const limitRanges = strategyOf<LimitRange>({
  hasStatus: false,
  defaults({ spec }) {
    for (const item of spec?.limits ?? []) if (item.type === "Container") applyItemDefaults(item);
  },
  prepareCreate({ metadata }) {
    // Nobody has to name one.
    if (!metadata.name && metadata.uid !== undefined) metadata.name = metadata.uid;
  },
  validate({ spec }, out) {
    const seen = new Set<string>();
    for (const [index, item] of (spec?.limits ?? []).entries()) {
      const at = `spec.limits[${index}]`;
      validateType(item.type ?? "", `${at}.type`, out);
      if (seen.has(item.type)) out.duplicate(`${at}.type`, item.type);
      seen.add(item.type);
      validateItem(item, at, out);
    }
  },
  more: { allowCreateOnUpdate: true },
});

/** Containers get the highest that they may have, and ask for what they are limited to, or else for the least. */
function applyItemDefaults(item: LimitRangeItem): void {
  item.default = { ...item.max, ...item.default };
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
}

function validateType(type: string, at: string, out: Findings): void {
  const errors = qualifiedNameErrors(type);
  out.messages(at, type, errors);
  if (errors.length === 0 && !type.includes("/") && !types.has(type))
    out.invalid(at, type, "must be a standard limit type or fully qualified");
}

const lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

function validateItem(item: Readonly<LimitRangeItem>, at: string, out: Findings): void {
  const isPod = item.type === "Pod";
  const names = new Set<string>();
  for (const list of lists) {
    const amounts = Object.keys(item[list] ?? {});
    if (list === "maxLimitRequestRatio") validateStorage(item, at, out);
    if (isPod && (list === "default" || list === "defaultRequest")) {
      if (amounts.length > 0) out.forbidden(`${at}.${list}`, "may not be specified when `type` is 'Pod'");
      continue;
    }
    for (const name of amounts) {
      if (isPod || item.type === "Container") validateContainerResourceName(name, `${at}.${list}[${name}]`, out);
      else validateResourceName(name, `${at}.${list}[${name}]`, out);
      names.add(name);
    }
  }
  for (const name of names) validateOrder(item, name, at, out);
}

function validateStorage(item: Readonly<LimitRangeItem>, at: string, out: Findings): void {
  if (item.type === "PersistentVolumeClaim" && item.min?.["storage"] === undefined && item.max?.["storage"] === undefined)
    out.required(`${at}.limits`, "either minimum or maximum storage value is required, but neither was provided");
}

function validateOrder(item: Readonly<LimitRangeItem>, name: string, at: string, out: Findings): void {
  const isPod = item.type === "Pod";
  const { max, min, maxLimitRequestRatio: ratio } = Object.fromEntries(lists.map((list) => [list, item[list]?.[name]]));
  const limit = isPod ? undefined : item.default?.[name];
  const request = isPod ? undefined : item.defaultRequest?.[name];
  const isAbove = (left: string | undefined, right: string | undefined): boolean =>
    left !== undefined && right !== undefined && compareQuantities(parseQuantity(left), parseQuantity(right)) > 0;
  const refuse = (list: string, shown: string | undefined, text: string): void => out.invalid(`${at}.${list}[${name}]`, shown, text);
  if (isAbove(min, max)) refuse("min", min, `min value ${min} is greater than max value ${max}`);
  if (isAbove(min, request)) refuse("defaultRequest", request, `min value ${min} is greater than default request value ${request}`);
  if (isAbove(request, max)) refuse("defaultRequest", request, `default request value ${request} is greater than max value ${max}`);
  if (isAbove(request, limit))
    refuse("defaultRequest", request, `default request value ${request} is greater than default limit value ${limit}`);
  if (isAbove(min, limit)) refuse("default", min, `min value ${min} is greater than default value ${limit}`);
  if (isAbove(limit, max)) refuse("default", max, `default value ${limit} is greater than max value ${max}`);
  if (ratio !== undefined) {
    if (compareQuantities(parseQuantity(ratio), one) < 0) refuse("maxLimitRequestRatio", ratio, `ratio ${ratio} is less than 1`);
    if (min !== undefined && max !== undefined) {
      const most = quantityMilliValue(parseQuantity(max)) / quantityMilliValue(parseQuantity(min));
      if (quantityToNumber(parseQuantity(ratio)) > most)
        refuse("maxLimitRequestRatio", ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`);
    }
  }
  if (!isOvercommittable(name) && (isAbove(limit, request) || isAbove(request, limit)))
    refuse("defaultRequest", request, `default value ${limit} must equal to defaultRequest value ${request} in ${name}`);
}
