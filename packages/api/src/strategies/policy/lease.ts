import type { Findings } from "@coracle/apimachinery";
import type { Lease } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";

export const leases = strategyOf<Lease>({
  hasStatus: false,
  validate({ spec = {} }, out) {
    const { leaseDurationSeconds: seconds, leaseTransitions: transitions, strategy, preferredHolder } = spec;
    if (seconds !== undefined && seconds <= 0) out.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0");
    if (transitions !== undefined && transitions < 0)
      out.invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0");
    if (strategy !== undefined) validateStrategy(strategy, "spec.strategy.strategy", out);
    if (preferredHolder && !strategy) out.forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined");
  },
  more: { allowCreateOnUpdate: true, allowUnconditionalUpdate: false },
});

/** How the holder is chosen among candidates (KEP-4355): our own way, or one with a domain. */
function validateStrategy(strategy: string, at: string, out: Findings): void {
  if (strategy.includes("/")) out.qualifiedName(strategy, at);
  else if (strategy !== "OldestEmulationVersion") out.unsupported(at, strategy, ["OldestEmulationVersion"]);
}
