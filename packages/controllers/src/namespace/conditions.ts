import { setCondition, type Condition } from "@coracle/apimachinery";
import type { Remainder } from "./content.ts";

interface Finding {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

const nothingWrong: readonly Finding[] = [
  ok("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
  ok("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
  ok("NamespaceDeletionContentFailure", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
  ok("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
  ok("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];

function ok(type: string, reason: string, message: string): Finding {
  return { type, status: "False", reason, message };
}

function problem(type: string, reason: string, message: string): Finding {
  return { type, status: "True", reason, message };
}

/** The conditions that tell why a namespace is still there; the same array when nothing changed. Texts are upstream's. */
export function deletionConditions(old: readonly Condition[], remainders: readonly Remainder[], now: string): readonly Condition[] {
  const found = new Map(findings(remainders).map((finding) => [finding.type, finding]));
  let conditions = old;
  for (const fine of nothingWrong) conditions = setCondition<Condition>(conditions, found.get(fine.type) ?? fine, now);
  return conditions;
}

function findings(remainders: readonly Remainder[]): Finding[] {
  const all: Finding[] = [];
  const errors = remainders.flatMap(({ error }) => (error === undefined ? [] : [error.message])).sort();
  if (errors.length > 0) {
    const message = `Failed to delete all resource types, ${errors.length} remaining: ${errors.join(", ")}`;
    all.push(problem("NamespaceDeletionContentFailure", "ContentDeletionFailed", message));
  }
  const content = remainders
    .filter(({ count }) => count > 0)
    .map(({ resource, count }) => `${resource.resource}.${resource.group} has ${count} resource instances`);
  if (content.length > 0) {
    const message = `Some resources are remaining: ${content.sort().join(", ")}`;
    all.push(problem("NamespaceContentRemaining", "SomeResourcesRemain", message));
  }
  const finalizers = new Map<string, number>();
  for (const remainder of remainders) {
    for (const [finalizer, count] of remainder.finalizers) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + count);
  }
  if (finalizers.size > 0) {
    const texts = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
    const message = `Some content in the namespace has finalizers remaining: ${texts.join(", ")}`;
    all.push(problem("NamespaceFinalizersRemaining", "SomeFinalizersRemain", message));
  }
  return all;
}
