import { supportedValues, validateAnnotations, type Findings, type Supported } from "@coracle/apimachinery";
import type { PodTemplateSpec } from "../../generated/types.ts";
import { Allowances } from "./allowances.ts";
import { validatePodAnnotations, validateProfilesAgree } from "./annotations.ts";
import { validatePodSpec } from "./spec.ts";

/** A template at `at`; with `old`, what that broke may stay broken. */
export function validateTemplate(template: Readonly<PodTemplateSpec>, at: string, out: Findings, old?: Readonly<PodTemplateSpec>): void {
  const { metadata = {}, spec = { containers: [] } } = template;
  const { annotations = {} } = metadata;
  const allow = new Allowances(old?.spec);
  out.labels(metadata.labels, `${at}.labels`);
  if (metadata.annotations !== undefined) {
    out.addAll(validateAnnotations(annotations, `${at}.annotations`));
    validatePodAnnotations(`${at}.annotations`, { annotations, spec, out, allow, oldAnnotations: old?.metadata?.annotations });
  }
  validatePodSpec(spec, `${at}.spec`, out, { allow });
  validateProfilesAgree(metadata.annotations, spec, `${at}.spec`, out);
  if ((spec.ephemeralContainers ?? []).length > 0)
    out.forbidden(`${at}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template");
}

const always = supportedValues("Always");

/** What the kinds that keep pods running ask of their templates besides: they restart for ever. */
export function validateRunningTemplate(
  { spec }: Readonly<PodTemplateSpec>,
  at: string,
  out: Findings,
  supported: Supported = always,
): void {
  const { restartPolicy = "", activeDeadlineSeconds } = spec ?? {};
  if (!supported.has(restartPolicy)) out.unsupported(`${at}.spec.restartPolicy`, restartPolicy, supported.values);
  if (activeDeadlineSeconds !== undefined)
    out.forbidden(`${at}.spec.activeDeadlineSeconds`, "activeDeadlineSeconds in ReplicaSet is not Supported");
}
