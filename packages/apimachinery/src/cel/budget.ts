import { CelCostError } from "./errors.ts";
import { celLimits } from "./limits.ts";

/**
 * What evaluations may cost together. One budget may be shared by many; each of them may in addition not cost more than
 * `perCallLimit`.
 */
export class CelBudget {
  readonly perCallLimit: number;
  #remaining: number;

  /** `perCallLimit` defaults to Kubernetes' 1,000,000. */
  constructor(limit: number = celLimits.runtimeCost, perCallLimit: number = celLimits.perCallCost) {
    this.#remaining = limit;
    this.perCallLimit = perCallLimit;
  }

  /** Never less than 0. */
  get remaining(): number {
    return this.#remaining;
  }

  /** Takes the cost of an evaluation that failed anyway. */
  exhaust(cost: number): void {
    this.#remaining = Math.max(0, this.#remaining - cost);
  }

  /** @throws {CelCostError} of the scope `budget` when less was left; nothing is left then. */
  spend(cost: number): void {
    if (cost > this.#remaining) {
      this.#remaining = 0;
      throw new CelCostError("budget", "validation failed due to running out of cost budget, no further validation rules will be run");
    }
    this.#remaining -= cost;
  }
}
