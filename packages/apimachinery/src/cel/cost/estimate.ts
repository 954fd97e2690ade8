import type { Checked } from "../checker/checked.ts";
import type { CelType } from "../types/type.ts";

/** not yet */
export function estimateCost(_checked: Checked, _sizesFrom: CelType | undefined): { readonly min: number; readonly max: number } {
  return { min: 0, max: 0 };
}
