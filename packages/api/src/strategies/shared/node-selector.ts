import { dnsSubdomainErrors, labelValueErrors, type Findings } from "@coracle/apimachinery";
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, TopologySelectorTerm } from "../../generated/types.ts";

/** Asked where a value can be no label's: whether it may be there, because it was before. */
export type MayKeepValues = () => boolean;

const never: MayKeepValues = () => false;

export function validateNodeSelector(selector: Readonly<NodeSelector>, at: string, out: Findings, mayKeep: MayKeepValues = never): void {
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) out.required(`${at}.nodeSelectorTerms`, "must have at least one node selector term");
  for (const [index, term] of terms.entries()) validateNodeSelectorTerm(term, `${at}.nodeSelectorTerms[${index}]`, out, mayKeep);
}

export function validateNodeSelectorTerm(
  { matchExpressions = [], matchFields = [] }: Readonly<NodeSelectorTerm>,
  at: string,
  out: Findings,
  mayKeep: MayKeepValues = never,
): void {
  for (const [index, requirement] of matchExpressions.entries())
    validateRequirement(requirement, `${at}.matchExpressions[${index}]`, out, mayKeep);
  for (const [index, requirement] of matchFields.entries()) validateFieldRequirement(requirement, `${at}.matchFields[${index}]`, out);
}

function validateRequirement(requirement: Readonly<NodeSelectorRequirement>, at: string, out: Findings, mayKeep: MayKeepValues): void {
  const { key = "", operator = "", values = [] } = requirement;
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) out.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) out.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) out.required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      out.invalid(`${at}.operator`, operator, "not a valid selector operator");
  }
  out.qualifiedName(key, `${at}.key`);
  for (const [index, value] of values.entries()) {
    const errors = labelValueErrors(value);
    if (errors.length > 0 && !mayKeep()) out.messages(`${at}.values[${index}]`, value, errors);
  }
}

/** Of fields, nodes have only a name to be chosen by. */
function validateFieldRequirement({ key, operator, values = [] }: Readonly<NodeSelectorRequirement>, at: string, out: Findings): void {
  if (operator === "In" || operator === "NotIn") {
    if (values.length !== 1)
      out.required(`${at}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  } else out.invalid(`${at}.operator`, operator ?? "", "not a valid selector operator");
  if (key !== "metadata.name") return out.invalid(`${at}.key`, key ?? "", "not a valid field selector key");
  for (const [index, value] of values.entries()) out.messages(`${at}.values[${index}]`, value, dnsSubdomainErrors(value));
}

/** One term of a StorageClass's topologies: its keys once each, with different values. */
export function validateTopologyTerm({ matchLabelExpressions = [] }: Readonly<TopologySelectorTerm>, at: string, out: Findings): void {
  const keys = new Set<string>();
  for (const [index, { key, values = [] }] of matchLabelExpressions.entries()) {
    const here = `${at}.matchLabelExpressions[${index}]`;
    if (values.length === 0) out.required(`${here}.values`);
    const seen = new Set<string>();
    for (const [position, value] of values.entries()) {
      if (seen.has(value)) out.duplicate(`${here}.values[${position}]`, value);
      seen.add(value);
    }
    out.qualifiedName(key, `${here}.key`);
    if (keys.has(key)) out.duplicate(`${here}.key`, key);
    keys.add(key);
  }
}
