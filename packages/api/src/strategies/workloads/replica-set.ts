import type { ReplicaSet } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { applyTemplateDefaults } from "../pod/defaults.ts";
import { dropDisabledTemplateFields } from "../pod/prepare.ts";
import { templateWarnings } from "../pod/warnings.ts";
import { goForm } from "../shared/go-form.ts";
import { hostnameWarnings } from "../shared/hostname-warnings.ts";
import { validateAvailable, validateCounts, validateShares } from "../shared/status-counts.ts";
import { validateRunning, validateSelected, validateSelector } from "./template.ts";

export const replicaSets = strategyOf<ReplicaSet>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    applyTemplateDefaults(spec.template);
  },
  prepareCreate(set) {
    set.status = { replicas: 0 };
    dropDisabledTemplateFields(set.spec?.template);
  },
  prepareUpdate(set, old, { subresource }) {
    if (subresource === "") dropDisabledTemplateFields(set.spec?.template, old.spec?.template);
  },
  validate({ spec = {} as NonNullable<ReplicaSet["spec"]> }, out, old) {
    const { selector, template } = spec;
    out.nonNegative(spec.replicas, "spec.replicas");
    out.nonNegative(spec.minReadySeconds, "spec.minReadySeconds");
    // Upstream's word for it.
    validateSelector(selector, "deployment", out);
    if (validateSelected(selector, template, out, "invalid label selector"))
      validateRunning({ template, old: old?.spec?.template, kind: "ReplicaSet" }, out);
  },
  validateUpdate({ spec }, old, out) {
    out.immutable(spec?.selector, old.spec?.selector, "spec.selector", goForm("meta/v1.LabelSelector", spec?.selector));
  },
  subresources: {
    status({ status = { replicas: 0 } }, _old, out) {
      const counters = ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"] as const;
      validateCounts(status, [...counters, "terminatingReplicas"], out);
      validateShares(status, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"], out);
      validateAvailable(status, out);
    },
  },
  warnings({ metadata, spec }, old) {
    if (old === undefined) return [...hostnameWarnings(metadata.name), ...templateWarnings(spec?.template, "spec.template")];
    return metadata.generation === old.metadata.generation ? [] : templateWarnings(spec?.template, "spec.template");
  },
});
