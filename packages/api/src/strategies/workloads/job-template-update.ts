import { cloneObject, type Findings } from "@coracle/apimachinery";
import type { Job, JobSpec, PodSpec, PodTemplateSpec } from "../../generated/types.ts";
import { goForm } from "../shared/go-form.ts";
import { isTrue } from "./job-status.ts";

/**
 * The template stays, but for what says where pods run and what they ask for, while the Job is suspended and has none
 * (KEP-2926, KEP-5440).
 */
export function validateJobTemplateUpdate(spec: Readonly<JobSpec>, { spec: old, status = {} }: Readonly<Job>, out: Findings): void {
  const template = spec.template ?? {};
  const isSuspended = old?.suspend === true;
  const hasStopped = status.startTime === undefined || isTrue(status.conditions, "Suspended");
  const isMutable = isSuspended && hasStopped && (status.active ?? 0) === 0;
  const expected = cloneObject(old?.template ?? {});
  if (isMutable) takeDirectives(template, expected);
  if (!isMutable) return out.immutable(template, expected, "spec.template", goForm("core/v1.PodTemplateSpec", template));
  const newSpec: PodSpec = template.spec ?? { containers: [] };
  const oldSpec: PodSpec = expected.spec ?? { containers: [] };
  takeResources(newSpec, oldSpec);
  out.immutable(newSpec, oldSpec, "spec.template.spec", goForm("core/v1.PodSpec", newSpec));
}

function takeDirectives(from: Readonly<PodTemplateSpec>, to: PodTemplateSpec): void {
  const { labels: _labels, annotations: _annotations, ...metadata } = to.metadata ?? {};
  const { labels, annotations } = from.metadata ?? {};
  to.metadata = { ...metadata, ...(labels && { labels }), ...(annotations && { annotations }) };
  const spec = (to.spec ??= { containers: [] });
  const nodeAffinity = from.spec?.affinity?.nodeAffinity;
  if (from.spec?.affinity !== undefined) spec.affinity = { ...spec.affinity, nodeAffinity };
  else if (spec.affinity?.podAffinity === undefined && spec.affinity?.podAntiAffinity === undefined) spec.affinity = undefined;
  else spec.affinity = { ...spec.affinity, nodeAffinity: undefined };
  spec.nodeSelector = from.spec?.nodeSelector;
  spec.tolerations = from.spec?.tolerations;
  spec.schedulingGates = from.spec?.schedulingGates;
}

function takeResources(from: Readonly<PodSpec>, to: PodSpec): void {
  for (const list of ["containers", "initContainers"] as const) {
    const [sources = [], targets = []] = [from[list], to[list]];
    if (sources.length !== targets.length) continue;
    for (const [index, target] of targets.entries()) if (sources[index]?.name === target.name) target.resources = sources[index]?.resources;
  }
}
