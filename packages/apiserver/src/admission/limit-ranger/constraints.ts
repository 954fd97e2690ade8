import { compareQuantities, formatQuantity, quantityToNumber, type Quantity } from "@coracle/apimachinery";
import { readResources, type ResourceList } from "@coracle/api";
import type { LimitRangeItem } from "@coracle/api";

/** What is limited: a container, a pod or a claim. */
export interface Measured {
  readonly requests: ResourceList;
  readonly limits: ResourceList;
}

type Constraint = (name: string, bound: Quantity, measured: Measured) => string | undefined;

/** What an item of a LimitRange finds wrong with a container or a pod, by name of the resource. */
export function limitProblems(item: LimitRangeItem, measured: Measured): string[] {
  return [
    ...problems(item.min, minimum(item.type), measured),
    ...problems(item.max, maximum(item.type), measured),
    ...problems(item.maxLimitRequestRatio, ratio(item.type), measured),
  ];
}

/** As {@link limitProblems}, of a claim, which has requests only. */
export function claimProblems(item: LimitRangeItem, requests: ResourceList): string[] {
  const measured = { requests, limits: new Map<string, Quantity>() };
  return [...problems(item.min, minimum(item.type), measured), ...problems(item.max, maximumRequest(item.type), measured)];
}

function problems(bounds: LimitRangeItem["min"], constraint: Constraint, measured: Measured): string[] {
  const ordered = [...readResources(bounds)].sort(([left], [right]) => (left < right ? -1 : 1));
  return ordered.flatMap(([name, bound]) => constraint(name, bound, measured) ?? []);
}

function minimum(type: string): Constraint {
  return (name, bound, { requests, limits }) => {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const rule = `minimum ${name} usage per ${type} is ${formatQuantity(bound)}`;
    if (request === undefined) return `${rule}.  No request is specified`;
    if (isLess(request, bound)) return `${rule}, but request is ${formatQuantity(request)}`;
    return limit !== undefined && isLess(limit, bound) ? `${rule}, but limit is ${formatQuantity(limit)}` : undefined;
  };
}

function maximum(type: string): Constraint {
  return (name, bound, { requests, limits }) => {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const rule = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`;
    if (limit === undefined) return `${rule}.  No limit is specified`;
    if (isLess(bound, limit)) return `${rule}, but limit is ${formatQuantity(limit)}`;
    return request !== undefined && isLess(bound, request) ? `${rule}, but request is ${formatQuantity(request)}` : undefined;
  };
}

function maximumRequest(type: string): Constraint {
  return (name, bound, { requests }) => {
    const request = requests.get(name);
    const rule = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`;
    if (request === undefined) return `${rule}.  No request is specified`;
    return isLess(bound, request) ? `${rule}, but request is ${formatQuantity(request)}` : undefined;
  };
}

function ratio(type: string): Constraint {
  return (name, bound, { requests, limits }) => {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const rule = `${name} max limit to request ratio per ${type} is ${formatQuantity(bound)}`;
    if (request === undefined || request.nanos === 0n) return `${rule}, but no request is specified or request is 0`;
    if (limit === undefined || limit.nanos === 0n) return `${rule}, but no limit is specified or limit is 0`;
    const observed = quantityToNumber(limit) / quantityToNumber(request);
    return observed > quantityToNumber(bound) ? `${rule}, but provided ratio is ${observed.toFixed(6)}` : undefined;
  };
}

function isLess(left: Quantity, right: Quantity): boolean {
  return compareQuantities(left, right) < 0;
}
