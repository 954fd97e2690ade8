import { compareQuantities, formatQuantity, parseQuantity, supportedValues, type Findings, type Quantity } from "@coracle/apimachinery";
import type { Pod, ResourceRequirements } from "../../generated/types.ts";
import { podLimits, podRequests } from "../../resources/pod-resources.ts";
import { isHugePages, validateResourceName } from "../shared/resource-names.ts";
import type { PodContext } from "./context.ts";
import { validateResources } from "./resource-requirements.ts";

const podResources = supportedValues("cpu", "hugepages-", "memory");

/** Resources of a pod as a whole (KEP-2837): no less than its containers ask for together. */
export function validatePodResources(resources: Readonly<ResourceRequirements>, at: string, pod: PodContext): void {
  const { out, spec } = pod;
  if (spec.os?.name === "windows") return out.forbidden(`${at}.resources`, "may not be set for a windows pod");
  if (resources.claims !== undefined) out.forbidden(`${at}.resources.claims`, "claims may not be set for Resources at pod-level");
  validateResources(resources, `${at}.resources`, pod, validateName);
  const whole: Pod = { apiVersion: "v1", kind: "Pod", metadata: {}, spec: { ...spec, resources: undefined } };
  const options = { includesOverhead: false };
  compareSums(podRequests(whole, options), resources.requests ?? {}, `${at}.resources.requests`, out);
  const pages = [...podLimits(whole, options)].filter(([name]) => isHugePages(name));
  compareSums(new Map(pages), resources.limits ?? {}, `${at}.resources.limits`, out);
  validateContainerLimits(resources.limits ?? {}, at, pod);
}

function validateName(name: string, at: string, out: Findings): void {
  if (name === "cpu" || name === "memory") return;
  if (validateResourceName(name, at, out) && !isHugePages(name)) out.unsupported(at, name, podResources.values);
}

type Amounts = Readonly<Record<string, string>>;

function compareSums(sums: ReadonlyMap<string, Quantity>, amounts: Amounts, at: string, out: Findings): void {
  const list = at.endsWith("requests") ? "requests" : "limits";
  for (const [name, sum] of sums) {
    const amount = amounts[name];
    if (amount === undefined || compareQuantities(sum, parseQuantity(amount)) <= 0) continue;
    out.invalid(`${at}[${name}]`, amount, `must be greater than or equal to aggregate container ${list} of ${formatQuantity(sum)}`);
  }
}

function validateContainerLimits(limits: Amounts, at: string, { spec, out }: PodContext): void {
  for (const [index, { resources }] of (spec.containers ?? []).entries()) {
    for (const [name, amount] of Object.entries(resources?.limits ?? {})) {
      const most = limits[name];
      if (most !== undefined && compareQuantities(parseQuantity(amount), parseQuantity(most)) > 0)
        out.invalid(`${at}.containers[${index}][${name}].limits`, amount, `must be less than or equal to pod limits of ${most}`);
    }
  }
}
