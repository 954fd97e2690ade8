import type { ScopedResourceSelectorRequirement } from "../generated/types.ts";

/** Whether a scope's values select an object that has `names` of it, as a label selector would of a label with that value. */
export function selectsScopeValue(scope: ScopedResourceSelectorRequirement, names: readonly string[]): boolean {
  const values = scope.values ?? [];
  switch (scope.operator) {
    case "Exists":
      return names.length > 0;
    case "DoesNotExist":
      return names.length === 0;
    case "In":
      return names.some((name) => values.includes(name));
    case "NotIn":
      return names.length === 0 || names.some((name) => !values.includes(name));
    default:
      return false;
  }
}
