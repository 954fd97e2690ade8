import { cloneObject, deepEqual, semanticEqual, type Findings } from "@coracle/apimachinery";
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSchedulingGate, PodSpec, Toleration } from "../../generated/types.ts";
import { goForm } from "../shared/go-form.ts";
import { describeDifference } from "../shared/unified-diff.ts";
import { Allowances } from "./allowances.ts";
import { validateTolerations } from "./tolerations.ts";

const largestInt32 = 2 ** 31 - 1;

const changeable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");

const noSpec: PodSpec = { containers: [] };

/** What may change of a pod's spec by an update of the pod itself. */
export function validateSpecUpdate(pod: Readonly<Pod>, oldPod: Readonly<Pod>, out: Findings): void {
  const { spec = noSpec } = pod;
  const { spec: old = noSpec } = oldPod;
  if (!validateImages(spec.containers ?? [], old.containers ?? [], "spec.containers", out)) return;
  if (!validateImages(spec.initContainers ?? [], old.initContainers ?? [], "spec.initContainers", out)) return;
  if (!validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds, out)) return;
  validateAddedTolerations(spec.tolerations ?? [], old, out);
  validateRemovedGates(spec.schedulingGates ?? [], old.schedulingGates ?? [], out);
  if (semanticEqual(spec, old)) return;
  const rest = withAllowedChanges(spec, old, out);
  if (!semanticEqual(rest, old))
    out.forbidden(
      "spec",
      `pod updates may not change fields other than ${changeable}\n${describeDifference("core/v1.PodSpec", old, rest)}`,
    );
}

/** Whether the lists have the same length. */
function validateImages(containers: readonly Container[], old: readonly Container[], at: string, out: Findings): boolean {
  if (containers.length !== old.length) {
    out.forbidden(at, "pod updates may not add or remove containers");
    return false;
  }
  for (const [index, { image = "" }] of containers.entries()) {
    if (image === "") out.required(`${at}[${index}].image`);
    if (image.trim().length !== image.length) out.invalid(`${at}[${index}].image`, image, "must not have leading or trailing whitespace");
  }
  return true;
}

function validateDeadline(seconds: number | undefined, old: number | undefined, out: Findings): boolean {
  const at = "spec.activeDeadlineSeconds";
  const before = out.errors.length;
  if (seconds === undefined) {
    if (old !== undefined) out.invalid(at, null, "must not update from a positive integer to nil value");
    return true;
  }
  if (seconds < 0 || seconds > largestInt32) out.inRange(seconds, [0, largestInt32], at);
  else if (old !== undefined && old < seconds) out.invalid(at, seconds, "must be less than or equal to previous value");
  return out.errors.length === before;
}

function validateAddedTolerations(tolerations: readonly Toleration[], old: Readonly<PodSpec>, out: Findings): void {
  const isKept = (each: Toleration): boolean =>
    tolerations.some((other) => deepEqual({ ...each, tolerationSeconds: other.tolerationSeconds }, other));
  if (!(old.tolerations ?? []).every(isKept))
    return out.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
  validateTolerations(tolerations, "spec.tolerations", { out, allow: new Allowances(old) });
}

function validateRemovedGates(gates: readonly PodSchedulingGate[], old: readonly PodSchedulingGate[], out: Findings): void {
  for (const [index, { name }] of gates.entries())
    if (!old.some((gate) => gate.name === name))
      out.forbidden(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`);
}

/** The spec with everything that may differ as it was before; what is left is forbidden. */
function withAllowedChanges(spec: Readonly<PodSpec>, old: Readonly<PodSpec>, out: Findings): PodSpec {
  const rest = cloneObject(spec);
  for (const list of ["containers", "initContainers"] as const)
    for (const [index, container] of (rest[list] ?? []).entries()) container.image = old[list]?.[index]?.image;
  rest.activeDeadlineSeconds = old.activeDeadlineSeconds;
  rest.schedulingGates = old.schedulingGates;
  rest.tolerations = old.tolerations;
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && rest.terminationGracePeriodSeconds === 1)
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  // Where a gated pod may run can still be narrowed (KEP-3838).
  if ((old.schedulingGates ?? []).length > 0) takeNarrowing(rest, old, out);
  return rest;
}

function takeNarrowing(rest: PodSpec, old: Readonly<PodSpec>, out: Findings): void {
  if (!semanticEqual(rest.nodeSelector, old.nodeSelector)) {
    validateAddedLabels(rest.nodeSelector ?? {}, old.nodeSelector ?? {}, out);
    rest.nodeSelector = old.nodeSelector;
  }
  const was = old.affinity?.nodeAffinity;
  if (semanticEqual(was, rest.affinity?.nodeAffinity)) return;
  validateNodeAffinityNarrowing(rest.affinity?.nodeAffinity, was, out);
  const { podAffinity, podAntiAffinity } = rest.affinity ?? {};
  if (rest.affinity === undefined) rest.affinity = was && { nodeAffinity: was };
  else if (old.affinity === undefined && podAffinity === undefined && podAntiAffinity === undefined) rest.affinity = undefined;
  else rest.affinity.nodeAffinity = was;
}

function validateAddedLabels(labels: Readonly<Record<string, string>>, old: Readonly<Record<string, string>>, out: Findings): void {
  for (const [key, value] of Object.entries(old))
    if (labels[key] !== value)
      out.invalid(
        "spec.nodeSelector",
        goForm("{}string", labels),
        "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
      );
}

function validateNodeAffinityNarrowing(affinity: NodeAffinity | undefined, old: NodeAffinity | undefined, out: Findings): void {
  const was = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const at = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
  if (was.length > 0 && was.length !== terms.length) {
    const shown = terms.length === 0 ? null : goForm("[]core/v1.NodeSelectorTerm", terms);
    return out.invalid(at, shown, "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
  }
  for (const [index, each] of was.entries()) {
    const term = terms[index] as NodeSelectorTerm;
    if (!hasOnlyAdditions(term, each))
      out.invalid(`${at}[${index}]`, goForm("core/v1.NodeSelectorTerm", term), "only additions are allowed (no mutations or deletions)");
  }
}

function hasOnlyAdditions(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ["matchExpressions", "matchFields"] as const;
  // An empty term matches nothing: whatever is added would widen it.
  if (lists.every((list) => (old[list] ?? []).length === 0)) return lists.every((list) => (term[list] ?? []).length === 0);
  return lists.every((list) => {
    const was = old[list] ?? [];
    return semanticEqual((term[list] ?? []).slice(0, was.length), was);
  });
}

/** `pods/ephemeralcontainers`: containers are added, and stay as they are. */
export function validateEphemeralUpdate(pod: Readonly<Pod>, old: Readonly<Pod>, out: Findings): void {
  const at = "spec.ephemeralContainers";
  const containers = new Map((pod.spec?.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const each of old.spec?.ephemeralContainers ?? []) {
    const container = containers.get(each.name);
    const name = JSON.stringify(each.name);
    if (container === undefined) out.forbidden(at, `existing ephemeral containers ${name} may not be removed\n`);
    else if (!semanticEqual(container, each)) {
      const difference = describeDifference("core/v1.EphemeralContainer", each, container);
      out.forbidden(at, `existing ephemeral containers ${name} may not be changed\n${difference}`);
    }
  }
}
