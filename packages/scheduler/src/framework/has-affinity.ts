import type { Pod } from "@coracle/api";

/** Whether other pods matter to where this one may run, or this one to others. */
export function hasAffinity({ spec }: Pod): boolean {
  return spec?.affinity?.podAffinity !== undefined || spec?.affinity?.podAntiAffinity !== undefined;
}
