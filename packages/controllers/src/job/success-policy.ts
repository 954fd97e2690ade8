import type { Job } from "@coracle/api";
import { parseIndexes } from "./indexes.ts";

/** Why an Indexed Job has succeeded before all of its indexes have (KEP-3998); undefined while no rule of its `successPolicy` is met. */
export function matchSuccessPolicy(job: Job, succeeded: ReadonlySet<number>): string | undefined {
  if (succeeded.size === 0) return undefined;
  const rules = job.spec?.successPolicy?.rules ?? [];
  const met = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount;
    const required = parseIndexes(succeededIndexes, job.spec?.completions ?? 0);
    const count = [...required].filter((index) => succeeded.has(index)).length;
    return required.size > 0 && (count === required.size || (succeededCount !== undefined && count >= succeededCount));
  });
  return met === -1 ? undefined : `Matched rules at index ${met}`;
}
