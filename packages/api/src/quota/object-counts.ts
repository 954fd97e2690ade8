import { quantityFromInteger } from "@coracle/apimachinery";
import { intersection, objectCountName, type QuotaEvaluator } from "./evaluator.ts";

/** Counts objects of any resource (`deployments.apps`), built-in or custom. `alias` is an older name of the count. */
export function createObjectCounts(resource: string, alias?: string): QuotaEvaluator {
  const names = new Set([objectCountName(resource), ...(alias === undefined ? [] : [alias])]);
  const one = new Map([...names].map((name) => [name, quantityFromInteger(1)]));
  return {
    resource,
    matching: (asked) => intersection(asked, names),
    handles: ({ operation, subresource }) => operation === "CREATE" && subresource === "",
    matchesScope: () => false,
    usage: () => one,
  };
}
