import type { Checked } from "../checker/checked.ts";
import type { CelType } from "../types/type.ts";
import { Estimator } from "./estimator.ts";

/**
 * What an expression costs at best and at worst, as cel-go and Kubernetes estimate it: sizes come from `sizesFrom`, the type of the
 * data, and are unlimited where it says nothing. At most 2⁶⁴ − 1, rounded to what a number can say.
 */
export function estimateCost(checked: Checked, sizesFrom: CelType | undefined): { readonly min: number; readonly max: number } {
  const { min, max } = new Estimator(checked, sizesFrom).cost(checked.root);
  return { min: Number(min), max: Number(max) };
}
