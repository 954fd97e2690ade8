import { semanticEqual, type Findings, type ResourceStrategy } from "@coracle/apimachinery";
import type { Pod, PodSpec, PodTemplate } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { Allowances } from "./allowances.ts";
import { validateAnnotationsUpdate, validatePodAnnotations, validateProfilesAgree } from "./annotations.ts";
import { validateImageText } from "./containers.ts";
import { applyPodDefaults, applyTemplateDefaults } from "./defaults.ts";
import { dropDisabledFields, dropDisabledTemplateFields, preparePod } from "./prepare.ts";
import { validateResize } from "./resize.ts";
import { validatePodSpec } from "./spec.ts";
import { validatePodStatus } from "./status.ts";
import { validateTemplate } from "./template.ts";
import { validateEphemeralUpdate, validateSpecUpdate } from "./update.ts";
import { podWarnings, templateWarnings } from "./warnings.ts";

const noSpec: PodSpec = { containers: [] };

const pods = strategyOf<Pod>({
  defaults: applyPodDefaults,
  prepareCreate(pod, { now }) {
    pod.metadata.generation = 1;
    preparePod(pod, now);
  },
  prepareUpdate(pod, old, { subresource }) {
    if (subresource === "status") keepStatus(pod, old);
    else if (pod.spec !== undefined) dropDisabledFields(pod.spec, old.spec);
    if (!semanticEqual(pod.spec, old.spec)) pod.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate(pod, out, old) {
    validatePod(pod, out, old);
    if (old === undefined) return validateNewPod(pod, out);
    validatePodAnnotationsUpdate(pod, old, out);
    validateSpecUpdate(pod, old, out);
  },
  subresources: {
    status(pod, old, out) {
      validatePodAnnotationsUpdate(pod, old, out);
      validatePodStatus(pod, old, out);
    },
    ephemeralcontainers(pod, old, out) {
      validatePod(pod, out, old);
      if (old.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) {
        // Upstream gives this finding no field, and drops the others.
        out.errors.length = 0;
        out.forbidden("", "static pods do not support ephemeral containers");
      } else validateEphemeralUpdate(pod, old, out);
    },
    resize(pod, old, out) {
      validatePod(pod, out, old);
      validateResize(pod, old, out);
    },
  },
  warnings: (pod, old) => (old === undefined ? podWarnings(pod) : []),
  more: {
    gracePeriodSeconds(object, requested) {
      const { spec, status } = object as Pod;
      if (!spec?.nodeName || status?.phase === "Succeeded" || status?.phase === "Failed") return 0;
      const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 30;
      // Negative values mean: as fast as is polite.
      return seconds < 0 ? 1 : seconds;
    },
  },
  hasGeneration: false,
});

/** What holds for a Pod whenever it is written as a whole. */
function validatePod(pod: Readonly<Pod>, out: Findings, old?: Readonly<Pod>): void {
  const { metadata, spec = noSpec } = pod;
  const { annotations = {}, name = "" } = metadata;
  const allow = new Allowances(old?.spec);
  validatePodAnnotations("metadata.annotations", { annotations, spec, out, allow, oldAnnotations: old?.metadata.annotations });
  validatePodSpec(spec, "spec", out, { pod: { name, annotations }, allow });
  if (!spec.serviceAccountName) validateNoTokens(spec, out);
  for (const list of ["containers", "initContainers"] as const)
    for (const [index, container] of (spec[list] ?? []).entries()) validateImageText(container, `spec.${list}[${index}]`, out);
}

/** Admission gives every pod an account; without one, there is nobody to issue a token for. */
function validateNoTokens(spec: Readonly<PodSpec>, out: Findings): void {
  for (const [index, { projected }] of (spec.volumes ?? []).entries())
    for (const [position, { serviceAccountToken }] of (projected?.sources ?? []).entries())
      if (serviceAccountToken !== undefined)
        out.forbidden(
          `spec.volumes[${index}].projected.sources[${position}].serviceAccountToken`,
          "must not be specified when serviceAccountName is not set",
        );
}

function validateNewPod({ metadata, spec = noSpec }: Readonly<Pod>, out: Findings): void {
  if ((spec.ephemeralContainers ?? []).length > 0) out.forbidden("spec.ephemeralContainers", "cannot be set on create");
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0)
    out.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
  validateProfilesAgree(metadata.annotations, spec, "spec", out);
}

function validatePodAnnotationsUpdate(pod: Readonly<Pod>, old: Readonly<Pod>, out: Findings): void {
  validateAnnotationsUpdate(pod.metadata.annotations ?? {}, old.metadata.annotations ?? {}, "metadata.annotations", out);
}

/** Nodes of older versions do not know all fields of the status. */
function keepStatus(pod: Pod, old: Readonly<Pod>): void {
  const status = (pod.status ??= {});
  status.qosClass ||= old.status?.qosClass;
  status.observedGeneration ||= old.status?.observedGeneration;
  const before = new Map<string, (number | undefined)[]>();
  for (const { type, observedGeneration } of old.status?.conditions ?? [])
    before.set(type, [...(before.get(type) ?? []), observedGeneration]);
  for (const condition of status.conditions ?? []) condition.observedGeneration ||= before.get(condition.type)?.shift();
}

const podTemplates = strategyOf<PodTemplate>({
  hasStatus: false,
  hasGeneration: true,
  defaults: ({ template }) => applyTemplateDefaults(template),
  prepareCreate: ({ template }) => dropDisabledTemplateFields(template),
  prepareUpdate: ({ template }, old) => dropDisabledTemplateFields(template, old.template),
  validate: ({ template = {} }, out, old) => validateTemplate(template, "template", out, old?.template),
  warnings: ({ metadata, template }, old) =>
    metadata.generation === old?.metadata.generation ? [] : templateWarnings(template, "template"),
});

export const podStrategies: Readonly<Record<string, ResourceStrategy>> = { pods, podtemplates: podTemplates };
