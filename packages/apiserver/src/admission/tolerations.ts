import { semanticEqual } from "@coracle/apimachinery";
import type { Toleration } from "@coracle/api";

/** All that is tolerated, without what something else in the result covers. Of equal ones the first stays. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [index, each] of all.entries()) {
    const isCoveredLater = all.slice(index + 1).some((later) => !semanticEqual(each, later) && covers(later, each));
    if (!isCoveredLater && !merged.some((other) => covers(other, each))) merged.push(each);
  }
  return merged;
}

/** Whether `wide` tolerates all that `narrow` does. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (semanticEqual(wide, narrow)) return true;
  const [key, effect] = [wide.key ?? "", wide.effect ?? ""];
  if (key !== (narrow.key ?? "") && (key !== "" || wide.operator !== "Exists")) return false;
  if (effect !== "" && effect !== (narrow.effect ?? "")) return false;
  const { tolerationSeconds: seconds } = wide;
  if (effect === "NoExecute" && seconds !== undefined && (narrow.tolerationSeconds ?? Infinity) > seconds) return false;
  if (wide.operator === "Exists") return true;
  return (wide.operator ?? "Equal") === "Equal" && narrow.operator === "Equal" && (wide.value ?? "") === (narrow.value ?? "");
}
