import { deepEqual, type Findings } from "@coracle/apimachinery";
import type { Deployment, DeploymentStrategy } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { applyTemplateDefaults } from "../pod/defaults.ts";
import { dropDisabledTemplateFields } from "../pod/prepare.ts";
import { templateWarnings } from "../pod/warnings.ts";
import { goForm } from "../shared/go-form.ts";
import { hostnameWarnings } from "../shared/hostname-warnings.ts";
import { isNone, validateIntOrPercent, validateNotAboveAll } from "../shared/int-or-percent.ts";
import { validateAvailable, validateCollisions, validateCounts, validateShares } from "../shared/status-counts.ts";
import { validateRunning, validateSelected, validateSelector } from "./template.ts";

export const deployments = strategyOf<Deployment>({
  defaults({ spec }) {
    if (spec === undefined) return;
    const strategy = (spec.strategy ??= {});
    strategy.type ||= "RollingUpdate";
    if (strategy.type === "RollingUpdate") {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= "25%";
      strategy.rollingUpdate.maxSurge ??= "25%";
    }
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    applyTemplateDefaults(spec.template);
  },
  prepareCreate: ({ spec }) => dropDisabledTemplateFields(spec?.template),
  prepareUpdate(deployment, old, { subresource }) {
    if (subresource === "status") {
      // Labels stay; annotations may change.
      if (old.metadata.labels === undefined) delete deployment.metadata.labels;
      else deployment.metadata.labels = old.metadata.labels;
      return;
    }
    dropDisabledTemplateFields(deployment.spec?.template, old.spec?.template);
    // The controller copies annotations to the ReplicaSets: they count as a change.
    if (!deepEqual(deployment.metadata.annotations ?? {}, old.metadata.annotations ?? {}))
      deployment.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate({ spec = {} as NonNullable<Deployment["spec"]> }, out, old) {
    const { selector, template, minReadySeconds = 0, progressDeadlineSeconds } = spec;
    out.nonNegative(spec.replicas, "spec.replicas");
    validateSelector(selector, "deployment", out);
    if (validateSelected(selector, template, out, "invalid label selector"))
      validateRunning({ template, old: old?.spec?.template, kind: "ReplicaSet" }, out);
    validateStrategy(spec.strategy ?? {}, out);
    out.nonNegative(minReadySeconds, "spec.minReadySeconds");
    out.nonNegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit");
    out.nonNegative(progressDeadlineSeconds, "spec.progressDeadlineSeconds");
    if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds)
      out.invalid("spec.progressDeadlineSeconds", progressDeadlineSeconds, "must be greater than minReadySeconds");
  },
  validateUpdate({ spec }, old, out) {
    out.immutable(spec?.selector, old.spec?.selector, "spec.selector", goForm("meta/v1.LabelSelector", spec?.selector));
  },
  subresources: {
    status({ status = {} }, old, out) {
      const counters = ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] as const;
      validateCounts(status, [...counters, "unavailableReplicas", "terminatingReplicas", "collisionCount"], out);
      validateShares(status, ["updatedReplicas", "readyReplicas", "availableReplicas"], out);
      validateAvailable(status, out);
      validateCollisions(status.collisionCount, old.status?.collisionCount, out);
    },
  },
  warnings({ metadata, spec }, old) {
    if (old === undefined) return [...hostnameWarnings(metadata.name), ...templateWarnings(spec?.template, "spec.template")];
    return metadata.generation === old.metadata.generation ? [] : templateWarnings(spec?.template, "spec.template");
  },
});

function validateStrategy(strategy: Readonly<DeploymentStrategy>, out: Findings): void {
  const { type = "", rollingUpdate } = strategy;
  const at = "spec.strategy.rollingUpdate";
  if (type === "Recreate") {
    if (rollingUpdate !== undefined) out.forbidden(at, "may not be specified when strategy `type` is 'Recreate'");
  } else if (type !== "RollingUpdate") {
    out.unsupported("spec.strategy", goForm("apps/v1.DeploymentStrategy", strategy), ["Recreate", "RollingUpdate"]);
  } else if (rollingUpdate === undefined) {
    out.required(at, "this should be defaulted and never be nil");
  } else {
    const { maxUnavailable, maxSurge } = rollingUpdate;
    validateIntOrPercent(maxUnavailable, `${at}.maxUnavailable`, out);
    validateIntOrPercent(maxSurge, `${at}.maxSurge`, out);
    if (isNone(maxUnavailable) && isNone(maxSurge))
      out.invalid(`${at}.maxUnavailable`, maxUnavailable ?? 0, "may not be 0 when `maxSurge` is 0");
    validateNotAboveAll(maxUnavailable, `${at}.maxUnavailable`, out);
  }
}
