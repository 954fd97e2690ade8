import { deviceClaimEvaluator } from "./device-claims.ts";
import type { QuotaEvaluator } from "./evaluator.ts";
import { createObjectCounts } from "./object-counts.ts";
import { podEvaluator } from "./pods.ts";
import { serviceEvaluator } from "./services.ts";
import { volumeClaimEvaluator } from "./volume-claims.ts";

/** What only answers, and events, which come and go by themselves. */
const ignored = new Set([
  "bindings",
  "componentstatuses",
  "events",
  "events.events.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectreviews.authentication.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
  "tokenreviews.authentication.k8s.io",
]);

const own = [podEvaluator, serviceEvaluator, volumeClaimEvaluator, deviceClaimEvaluator];
/** Counted under their plain names before every resource could be counted. */
const counted = ["configmaps", "resourcequotas", "replicationcontrollers", "secrets"].map((name) => createObjectCounts(name, name));
const byResource = new Map([...own, ...counted].map((evaluator) => [evaluator.resource, evaluator]));

/** How use of a namespaced resource (`pods`, `widgets.example.com`) is measured; undefined where quotas never apply. */
export function quotaEvaluator(resource: string): QuotaEvaluator | undefined {
  if (ignored.has(resource)) return undefined;
  return byResource.get(resource) ?? createObjectCounts(resource);
}
