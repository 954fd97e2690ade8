import { semanticEqual, type Findings } from "@coracle/apimachinery";
import type { DaemonSet, DaemonSetStatus, DaemonSetUpdateStrategy } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { applyTemplateDefaults } from "../pod/defaults.ts";
import { dropDisabledTemplateFields } from "../pod/prepare.ts";
import { templateWarnings } from "../pod/warnings.ts";
import { goForm } from "../shared/go-form.ts";
import { isNone, validateIntOrPercent, validateNotAboveAll } from "../shared/int-or-percent.ts";
import { validateCollisions, validateCounts } from "../shared/status-counts.ts";
import { validateNotEmpty, validateRestarts, validateSelected } from "./template.ts";
import { validateTemplate } from "../pod/template.ts";

/** Counts the templates; a field in the retired versions, and still in upstream's own type. */
const generationAnnotation = "deprecated.daemonset.template.generation";

export const daemonSets = strategyOf<DaemonSet>({
  defaults(set) {
    const { spec } = set;
    if (set.metadata.annotations?.[generationAnnotation] === undefined) setTemplateGeneration(set, 0);
    if (spec === undefined) return;
    const strategy = (spec.updateStrategy ??= {});
    strategy.type ||= "RollingUpdate";
    if (strategy.type === "RollingUpdate") {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= 1;
      strategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    applyTemplateDefaults(spec.template);
  },
  prepareCreate(set) {
    set.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    setTemplateGeneration(set, Math.max(1, templateGeneration(set)));
    dropDisabledTemplateFields(set.spec?.template);
  },
  prepareUpdate(set, old, { subresource }) {
    if (subresource !== "") return;
    dropDisabledTemplateFields(set.spec?.template, old.spec?.template);
    const isSame = semanticEqual(set.spec?.template, old.spec?.template);
    setTemplateGeneration(set, templateGeneration(old) + (isSame ? 0 : 1));
  },
  validate({ spec = {} as NonNullable<DaemonSet["spec"]> }, out, old) {
    const { selector, template = {} } = spec;
    out.labelSelector(selector, "spec.selector");
    validateSelected(selector, template, out);
    if (selector !== undefined) validateNotEmpty(selector, "daemonset", out);
    validateTemplate(template, "spec.template", out, old?.spec?.template);
    validateRestarts({ template, kind: "DaemonSet" }, out);
    out.nonNegative(spec.minReadySeconds, "spec.minReadySeconds");
    validateStrategy(spec.updateStrategy ?? {}, out);
    out.nonNegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit");
  },
  validateUpdate({ spec }, old, out) {
    out.immutable(spec?.selector, old.spec?.selector, "spec.selector", goForm("meta/v1.LabelSelector", spec?.selector));
  },
  subresources: {
    status({ status = noStatus }, old, out) {
      const scheduled = ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled"] as const;
      const counters = ["numberReady", "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable"] as const;
      validateCounts(status, [...scheduled, ...counters, "collisionCount"], out);
      validateCollisions(status.collisionCount, old.status?.collisionCount, out);
    },
  },
  warnings: (set, old) =>
    old !== undefined && templateGeneration(set) === templateGeneration(old) ? [] : templateWarnings(set.spec?.template, "spec.template"),
});

const noStatus: DaemonSetStatus = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

function templateGeneration({ metadata }: Readonly<DaemonSet>): number {
  const text = metadata.annotations?.[generationAnnotation] ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [generationAnnotation]: String(generation) };
}

function validateStrategy(strategy: Readonly<DaemonSetUpdateStrategy>, out: Findings): void {
  const { type = "", rollingUpdate } = strategy;
  const at = "spec.updateStrategy.rollingUpdate";
  if (type === "OnDelete") return;
  if (type !== "RollingUpdate")
    return out.unsupported("spec.updateStrategy", goForm("apps/v1.DaemonSetUpdateStrategy", strategy), ["RollingUpdate", "OnDelete"]);
  if (rollingUpdate === undefined) return out.required(at);
  const { maxUnavailable, maxSurge } = rollingUpdate;
  validateIntOrPercent(maxUnavailable, `${at}.maxUnavailable`, out);
  validateIntOrPercent(maxSurge, `${at}.maxSurge`, out);
  validateNotAboveAll(maxUnavailable, `${at}.maxUnavailable`, out);
  validateNotAboveAll(maxSurge, `${at}.maxSurge`, out);
  if (!isNone(maxUnavailable) && !isNone(maxSurge))
    out.invalid(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero");
  if (isNone(maxUnavailable) && isNone(maxSurge)) out.required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0");
}
