import {
  addResources,
  equalResources,
  exceededResources,
  maskResources,
  quotaMatches,
  readResources,
  subtractResources,
  type QuotaEvaluator,
  type QuotaWrite,
  type ResourceList,
  type ResourceQuota,
} from "@coracle/api";
import { formatQuantity, type Quantity } from "@coracle/apimachinery";

/** A quota with what is used of it, this batch's requests included. */
export interface RunningQuota {
  readonly quota: Readonly<ResourceQuota>;
  readonly used: ResourceList;
}

export type QuotaDecision =
  | { readonly type: "refused"; readonly cause: string }
  /** `quotas` in the same order, with what will be used of them. */
  | { readonly type: "fits"; readonly quotas: readonly RunningQuota[] };

export function startQuota(quota: Readonly<ResourceQuota>): RunningQuota {
  return { quota, used: readResources(quota.status?.used) };
}

/** Whether more is used of a quota than before. */
export function isChanged({ quota, used }: RunningQuota): boolean {
  return !equalResources(readResources(quota.status?.used), used);
}

/** Whether a write fits into all quotas that count it. Pure. */
export function checkWrite(quotas: readonly RunningQuota[], evaluator: QuotaEvaluator, write: QuotaWrite, nowMs: number): QuotaDecision {
  const decided: RunningQuota[] = [];
  const refused = (cause: string): QuotaDecision => ({ type: "refused", cause });
  const counting = quotas.map(({ quota }) => quotaMatches(quota, evaluator, write.object));
  for (const [index, { quota }] of quotas.entries()) {
    const problem = counting[index] === true ? unready(quota, evaluator, write) : undefined;
    if (problem !== undefined) return refused(problem);
  }
  const wanted = evaluator.usage(write.object, nowMs);
  const negative = [...wanted].filter(([, quantity]) => quantity.nanos < 0n).map(([name]) => name);
  if (negative.length > 0) return refused(`quota usage is negative for resource(s): ${negative.sort().join(",")}`);
  const growth = write.old === undefined ? wanted : subtractResources(wanted, evaluator.usage(write.old, nowMs));
  for (const [index, running] of quotas.entries()) {
    if (counting[index] !== true) {
      decided.push(running);
      continue;
    }
    const isCounted = write.old !== undefined && quotaMatches(running.quota, evaluator, write.old);
    const next = charge(running, isCounted ? growth : wanted, write.subresource !== "status");
    if (typeof next === "string") return refused(next);
    decided.push(next);
  }
  return { type: "fits", quotas: decided };
}

/** Why a quota cannot be charged for the object at all. */
function unready(quota: Readonly<ResourceQuota>, evaluator: QuotaEvaluator, write: QuotaWrite): string | undefined {
  const { hard = {}, used = {} } = quota.status ?? {};
  const names = evaluator.matching(Object.keys(hard));
  const missing = evaluator.missing?.(names, write.object);
  if (missing !== undefined) return `failed quota: ${quota.metadata.name}: ${missing}`;
  if (names.every((name) => used[name] !== undefined)) return undefined;
  return `status unknown for quota: ${quota.metadata.name}, resources: ${[...names].sort().join(",")}`;
}

/** The quota with `growth` used of it; a text when that is too much. */
function charge({ quota, used }: RunningQuota, growth: ResourceList, isLimited: boolean): RunningQuota | string {
  const hard = readResources(quota.status?.hard);
  const requested = maskResources(new Map([...growth].filter(([, quantity]) => quantity.nanos !== 0n)), hard.keys());
  const next = new Map<string, Quantity>(used);
  addResources(next, requested);
  const exceeded = isLimited ? exceededResources(maskResources(next, requested.keys()), hard) : [];
  if (exceeded.length === 0) return { quota, used: next };
  const show = (list: ResourceList): string => format(maskResources(list, exceeded));
  return `exceeded quota: ${quota.metadata.name}, requested: ${show(requested)}, used: ${show(used)}, limited: ${show(hard)}`;
}

function format(list: ResourceList): string {
  const texts = [...list].map(([name, quantity]) => `${name}=${formatQuantity(quantity)}`);
  return texts.sort().join(",");
}
