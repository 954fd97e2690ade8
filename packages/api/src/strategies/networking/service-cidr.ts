import { canonicalCidrErrors, validateConditions, type Findings } from "@coracle/apimachinery";
import type { ServiceCIDR } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";

const immutable = "field is immutable";

export const serviceCidrs = strategyOf<ServiceCIDR>({
  hasGeneration: false,
  validate({ spec = {} }, out, old) {
    const { cidrs = [] } = spec;
    if (old === undefined) return validateCidrs(cidrs, spec, out);
    const before = old.spec?.cidrs ?? [];
    if (before.length === cidrs.length) {
      for (const [index, cidr] of cidrs.entries()) if (cidr !== before[index]) out.invalid(`spec.cidrs[${index}]`, cidr, immutable);
    } else if (before.length === 1 && cidrs.length === 2) {
      // One of the other family may be added.
      if (cidrs[0] !== before[0]) out.invalid("spec.cidrs[0]", cidrs[0], immutable);
      validateCidrs(cidrs, spec, out);
    } else out.invalid("spec.cidrs", spec.cidrs ?? null, immutable);
  },
  subresources: { status: ({ status }, _old, out) => validateConditions(status?.conditions, "status.conditions", out) },
});

function validateCidrs(cidrs: readonly string[], spec: object, out: Findings): void {
  const at = "spec.cidrs";
  if (cidrs.length === 0) return out.required(at, "at least one CIDR required");
  if (cidrs.length > 2) return out.invalid(at, goForm("networking/v1.ServiceCIDRSpec", spec), "may only hold up to 2 values");
  for (const [index, cidr] of cidrs.entries()) out.messages(`${at}[${index}]`, cidr, canonicalCidrErrors(cidr));
  const families = new Set(cidrs.map((cidr) => cidr.includes(":")));
  if (cidrs.length === 2 && families.size === 1)
    out.invalid(at, cidrs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64");
}
