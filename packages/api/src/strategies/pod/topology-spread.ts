import type { Findings } from "@coracle/apimachinery";
import type { TopologySpreadConstraint } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import type { PodContext } from "./context.ts";
import { validateSpreadKeys, validateUnmergedSpreadKeys } from "./topology-spread-keys.ts";

const actions = enumOf("core/v1.UnsatisfiableConstraintAction");
const inclusions = enumOf("core/v1.NodeInclusionPolicy");

export function validateTopologySpread(constraints: readonly TopologySpreadConstraint[], at: string, pod: PodContext): void {
  const { out, allow } = pod;
  for (const [index, constraint] of constraints.entries()) {
    const here = `${at}[${index}]`;
    const { topologyKey = "", whenUnsatisfiable = "" } = constraint;
    out.positive(constraint.maxSkew, `${here}.maxSkew`);
    out.present(topologyKey, `${here}.topologyKey`, "can not be empty");
    out.oneOf(whenUnsatisfiable, actions, `${here}.whenUnsatisfiable`);
    const isRepeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (isRepeated) out.duplicate(`${here}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`);
    validateMinDomains(constraint, `${here}.minDomains`, out);
    out.optionalOneOf(constraint.nodeAffinityPolicy, inclusions, `${here}.nodeAffinityPolicy`);
    out.optionalOneOf(constraint.nodeTaintsPolicy, inclusions, `${here}.nodeTaintsPolicy`);
    if (constraint.matchLabelKeys !== undefined) {
      if (allow.repeatedSpreadKeys()) validateUnmergedSpreadKeys(constraint, `${here}.matchLabelKeys`, out);
      else validateSpreadKeys(constraint, here, out);
    }
    validateSelector(constraint, `${here}.labelSelector`, pod);
  }
}

function validateMinDomains({ minDomains, whenUnsatisfiable }: Readonly<TopologySpreadConstraint>, at: string, out: Findings): void {
  if (minDomains === undefined) return;
  out.positive(minDomains, at);
  if (whenUnsatisfiable !== "DoNotSchedule")
    out.invalid(at, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`);
}

function validateSelector({ labelSelector }: Readonly<TopologySpreadConstraint>, at: string, { out, allow }: PodContext): void {
  const before = out.errors.length;
  out.labelSelector(labelSelector, at);
  if (out.errors.length > before && allow.badSpreadSelectors()) out.errors.length = before;
}
