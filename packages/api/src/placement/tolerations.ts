import type { Taint, Toleration } from "../generated/types.ts";

/** Whether a toleration tolerates a taint. An empty key with `Exists` tolerates every key, an empty effect every effect. */
export function toleratesTaint(toleration: Toleration, taint: Pick<Taint, "key" | "value" | "effect">): boolean {
  if ((toleration.effect ?? "") !== "" && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? "") === "") return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return (
    toleration.operator === "Exists" || ((toleration.operator ?? "Equal") === "Equal" && (toleration.value ?? "") === (taint.value ?? ""))
  );
}

/** Whether one of them does. */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Pick<Taint, "key" | "value" | "effect">): boolean {
  return (tolerations ?? []).some((toleration) => toleratesTaint(toleration, taint));
}
