import type { ReplicationController } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { applyTemplateDefaults } from "../pod/defaults.ts";
import { dropDisabledTemplateFields } from "../pod/prepare.ts";
import { templateWarnings } from "../pod/warnings.ts";
import { hostnameWarnings } from "../shared/hostname-warnings.ts";
import { validateAvailable, validateCounts, validateShares } from "../shared/status-counts.ts";
import { validateRunning, validateSelectedByMap } from "./template.ts";

export const replicationControllers = strategyOf<ReplicationController>({
  defaults({ metadata, spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    const labels = spec.template?.metadata?.labels;
    if (labels !== undefined) {
      if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
      if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
    }
    applyTemplateDefaults(spec.template);
  },
  prepareCreate(controller) {
    controller.status = { replicas: 0 };
    dropDisabledTemplateFields(controller.spec?.template);
  },
  prepareUpdate(controller, old, { subresource }) {
    if (subresource === "") dropDisabledTemplateFields(controller.spec?.template, old.spec?.template);
  },
  validate({ spec = {} }, out, old) {
    const { selector = {}, template } = spec;
    out.nonNegative(spec.minReadySeconds, "spec.minReadySeconds");
    if (Object.keys(selector).length === 0) out.required("spec.selector");
    out.nonNegative(spec.replicas, "spec.replicas");
    if (template === undefined) return out.required("spec.template");
    validateSelectedByMap(selector, template, out);
    validateRunning({ template, old: old?.spec?.template, kind: "ReplicationController" }, out);
  },
  subresources: {
    status({ status = { replicas: 0 } }, _old, out) {
      validateCounts(status, ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"], out);
      validateShares(status, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"], out);
      validateAvailable(status, out);
    },
  },
  warnings({ metadata, spec }, old) {
    if (old === undefined) return [...hostnameWarnings(metadata.name), ...templateWarnings(spec?.template, "spec.template")];
    return metadata.generation === old.metadata.generation ? [] : templateWarnings(old.spec?.template, "spec.template");
  },
  more: { defaultPropagation: "Orphan" },
});
