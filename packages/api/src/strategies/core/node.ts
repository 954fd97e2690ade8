import { cidrWarnings, labelValueErrors, semanticEqual, type Findings } from "@coracle/apimachinery";
import type { Node, Taint } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { enumOf } from "../shared/enums.ts";
import { validateLegacyCidr } from "../shared/endpoint-ip.ts";
import { goForm } from "../shared/go-form.ts";
import { validateResourceAmount } from "../shared/resource-names.ts";

const effects = enumOf("core/v1.TaintEffect");

/** A node agent registers itself with its status. */
export const nodes = strategyOf<Node>({
  hasStatus: false,
  hasGeneration: false,
  defaults({ spec, status }) {
    if (status?.capacity !== undefined && status.allocatable === undefined) status.allocatable = { ...status.capacity };
    if (spec !== undefined) alignCidrs(spec);
  },
  prepareCreate(node) {
    if (node.spec !== undefined) delete node.spec.configSource;
    if (node.status !== undefined) delete node.status.config;
  },
  prepareUpdate(node, old, { subresource }) {
    if (subresource === "status") {
      if (old.spec === undefined) delete node.spec;
      else node.spec = old.spec;
      return;
    }
    if (old.status === undefined) delete node.status;
    else node.status = old.status;
    if (old.spec?.configSource === undefined && node.spec !== undefined) delete node.spec.configSource;
  },
  validate(node, out, old) {
    validateTaints(node.spec?.taints ?? [], "metadata.taints", out);
    validateAmounts(node, out);
    if (old === undefined) validateCidrs(node.spec?.podCIDRs ?? [], out);
  },
  validateUpdate,
  subresources: {
    status(node, old, out) {
      validateAmounts(node, out);
      validateUpdate(node, old, out);
    },
  },
  warnings({ spec }) {
    const warnings = (spec?.podCIDRs ?? []).flatMap((cidr, index) => cidrWarnings(`spec.podCIDRs[${index}]`, cidr));
    if (spec?.externalID) warnings.unshift("spec.externalID: this field is deprecated, and is unused by Kubernetes");
    return spec?.configSource === undefined ? warnings : ["spec.configSource: the feature is removed", ...warnings];
  },
});

/** The older field is the first of the newer one, and wins where they differ. */
function alignCidrs(spec: NonNullable<Node["spec"]>): void {
  const { podCIDR = "", podCIDRs = [] } = spec;
  if (podCIDR !== "" && podCIDRs[0] !== podCIDR) spec.podCIDRs = [podCIDR];
  else if (podCIDR === "" && podCIDRs[0]) spec.podCIDR = podCIDRs[0];
}

function validateUpdate(node: Readonly<Node>, old: Readonly<Node>, out: Findings): void {
  const seen: unknown[] = [];
  for (const [index, address] of (node.status?.addresses ?? []).entries()) {
    if (seen.some((each) => semanticEqual(each, address)))
      out.duplicate(`status.addresses[${index}]`, goForm("core/v1.NodeAddress", address));
    seen.push(address);
  }
  const before = old.spec?.podCIDRs ?? [];
  const after = node.spec?.podCIDRs ?? [];
  const text = 'node updates may not change podCIDR except from "" to valid';
  if (before.length > 0 && before.length !== after.length) out.forbidden("spec.podCIDRs", text);
  else for (const [index, value] of before.entries()) if (value !== after[index]) out.forbidden("spec.podCIDRs", text);
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID)
    out.forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid');
  if ((node.spec?.externalID ?? "") !== (old.spec?.externalID ?? "")) out.forbidden("spec.externalID", "may not be updated");
}

function validateCidrs(cidrs: readonly string[], out: Findings): void {
  for (const [index, cidr] of cidrs.entries()) validateLegacyCidr(cidr, `spec.podCIDRs[${index}]`, out);
  const families = new Set(cidrs.map((cidr) => cidr.includes(":")));
  if (cidrs.length > 1 && (families.size < 2 || cidrs.length > 2))
    out.invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family");
}

function validateAmounts({ status = {} }: Readonly<Node>, out: Findings): void {
  for (const list of ["capacity", "allocatable"] as const)
    for (const [name, amount] of Object.entries(status[list] ?? {})) validateResourceAmount(name, amount, `status.${list}.${name}`, out);
}

function validateTaints(taints: readonly Taint[], at: string, out: Findings): void {
  const seen = new Set<string>();
  for (const [index, taint] of taints.entries()) {
    const here = `${at}[${index}]`;
    const { key = "", value = "", effect = "" } = taint;
    out.qualifiedName(key, `${here}.key`);
    const errors = labelValueErrors(value);
    if (errors.length > 0) out.invalid(`${here}.value`, value, errors.join(";"));
    if (effect === "") out.required(`${here}.effect`);
    else if (!effects.has(effect)) out.unsupported(`${here}.effect`, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    const pair = `${effect} ${key}`;
    if (seen.has(pair))
      out.errors.push({
        type: "FieldValueDuplicate",
        field: here,
        badValue: goForm("core/v1.Taint", taint),
        detail: "taints must be unique by key and effect pair",
      });
    seen.add(pair);
  }
}
