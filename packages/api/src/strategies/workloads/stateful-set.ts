import { dnsLabelErrors, Findings, nameRule, selectorFrom, semanticEqual, supportedValues } from "@coracle/apimachinery";
import type { PodTemplateSpec, StatefulSet, StatefulSetSpec, Volume } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { applyTemplateDefaults } from "../pod/defaults.ts";
import { dropDisabledTemplateFields } from "../pod/prepare.ts";
import { validateTemplate } from "../pod/template.ts";
import { templateWarnings } from "../pod/warnings.ts";
import { goForm } from "../shared/go-form.ts";
import { isNone, validateIntOrPercent, validateNotAboveAll } from "../shared/int-or-percent.ts";
import { validateAvailable, validateCollisions, validateCounts, validateShares } from "../shared/status-counts.ts";
import { validateClaimSpec } from "../storage/claim-spec.ts";
import { claimSpecWarnings } from "../storage/claim-warnings.ts";
import { validateNotEmpty, validateRestarts, validateSelected } from "./template.ts";

const retentionPolicies = supportedValues("Retain", "Delete");
const noSpec = {} as StatefulSetSpec;
const mutable = [
  "replicas",
  "template",
  "updateStrategy",
  "minReadySeconds",
  "ordinals",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
] as const;

export const statefulSets = strategyOf<StatefulSet>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.podManagementPolicy ||= "OrderedReady";
    const strategy = (spec.updateStrategy ??= {});
    if (!strategy.type) {
      strategy.type = "RollingUpdate";
      strategy.rollingUpdate ??= {};
    }
    if (strategy.type === "RollingUpdate" && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0;
    const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
    retention.whenDeleted ||= "Retain";
    retention.whenScaled ||= "Retain";
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    applyTemplateDefaults(spec.template);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion = "v1";
      claim.kind = "PersistentVolumeClaim";
      claim.status = { phase: "Pending", ...claim.status };
      if (claim.spec !== undefined) claim.spec.volumeMode ??= "Filesystem";
    }
  },
  prepareCreate(set) {
    set.status = { replicas: 0 };
    dropDisabledFields(set);
  },
  prepareUpdate(set, old, { subresource }) {
    if (subresource === "") dropDisabledFields(set, old);
  },
  validate({ spec = noSpec }, out, old) {
    if (old === undefined) return validateSpec(spec, out, {});
    // What is stored may break rules that came later: a template that was wrong may stay so.
    const before = new Findings();
    validateSpec(old.spec ?? noSpec, before, { old: old.spec ?? noSpec });
    validateSpec(spec, out, { old: old.spec ?? noSpec, skipsTemplate: before.errors.length > 0 });
  },
  validateUpdate({ spec = noSpec }, { spec: old = noSpec }, out) {
    const rest: Record<string, unknown> = { ...spec };
    for (const name of mutable) rest[name] = old[name];
    const allowed = "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy'";
    if (!semanticEqual(rest, old))
      out.forbidden("spec", `updates to statefulset spec for fields other than ${allowed} and 'minReadySeconds' are forbidden`);
  },
  subresources: {
    status({ status = { replicas: 0 } }, old, out) {
      const shares = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"] as const;
      validateCounts(status, ["replicas", ...shares, "observedGeneration", "collisionCount"], out);
      validateShares(status, shares, out);
      validateAvailable(status, out, "status.readyReplicas");
      validateCollisions(status.collisionCount, old.status?.collisionCount, out);
    },
  },
  warnings({ metadata, spec = noSpec }, old) {
    const isSame = old !== undefined && metadata.generation === old.metadata.generation;
    const claimPath = (index: number): string => `spec.volumeClaimTemplates[${index}]${old === undefined ? "" : ".Spec"}`;
    return [
      ...(isSame ? [] : templateWarnings(spec.template, "spec.template")),
      ...(spec.volumeClaimTemplates ?? []).flatMap((claim, index) => claimSpecWarnings(claim.spec ?? {}, claimPath(index))),
      ...((spec.revisionHistoryLimit ?? 0) < 0
        ? ["spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"]
        : []),
    ];
  },
  more: { validateName: nameRule(dnsLabelErrors) },
});

/** `maxUnavailable` belongs to a feature that is off (KEP-961): it goes, unless the stored object has it. */
function dropDisabledFields({ spec }: StatefulSet, old?: Readonly<StatefulSet>): void {
  dropDisabledTemplateFields(spec?.template, old?.spec?.template);
  if (old?.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) delete spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
}

interface Circumstances {
  readonly old?: Readonly<StatefulSetSpec>;
  readonly skipsTemplate?: boolean;
}

function validateSpec(spec: Readonly<StatefulSetSpec>, out: Findings, { old, skipsTemplate = false }: Circumstances): void {
  const { podManagementPolicy: policy = "", selector, persistentVolumeClaimRetentionPolicy: retention } = spec;
  if (policy === "") out.required("spec.podManagementPolicy");
  else if (policy !== "OrderedReady" && policy !== "Parallel")
    out.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
  validateStrategy(spec, out);
  for (const name of ["whenDeleted", "whenScaled"] as const)
    if (retention !== undefined) out.oneOf(retention[name], retentionPolicies, `spec.persistentVolumeClaimRetentionPolicy.${name}`);
  // These two cannot change, so that only new ones are judged.
  if (old === undefined)
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries())
      validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${index}].spec`, out);
  out.nonNegative(spec.replicas, "spec.replicas");
  out.nonNegative(spec.minReadySeconds, "spec.minReadySeconds");
  out.nonNegative(spec.ordinals?.start, "spec.ordinals.start");
  if (old === undefined && spec.serviceName) out.label(spec.serviceName, "spec.serviceName");
  if (selector === undefined) out.required("spec.selector");
  else {
    out.labelSelector(selector, "spec.selector");
    validateNotEmpty(selector, "statefulset", out);
  }
  const template = templateWithClaims(spec);
  if (isReadable(selector, out)) {
    validateSelected(selector, template, out);
    if (!skipsTemplate) validateTemplate(template, "spec.template", out, old?.template);
    // Upstream looks at these a second time.
    out.labels(template.metadata?.labels, "spec.template.labels");
  }
  validateRestarts({ template, kind: "StatefulSet" }, out);
}

function isReadable(selector: StatefulSetSpec["selector"] | undefined, out: Findings): boolean {
  try {
    selectorFrom(selector);
    return true;
  } catch {
    out.invalid("spec.selector", goForm("meta/v1.LabelSelector", selector), "");
    return false;
  }
}

/** Pods get a volume for each claim template, and a name and domain of their own. */
function templateWithClaims({ template = {}, volumeClaimTemplates = [] }: Readonly<StatefulSetSpec>): PodTemplateSpec {
  if (template.spec === undefined) return template;
  const { hostname: _hostname, subdomain: _subdomain, ...spec } = template.spec;
  if (volumeClaimTemplates.length === 0) return { ...template, spec };
  const names = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? "");
  const claims: Volume[] = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = (spec.volumes ?? []).filter(({ name }) => !names.includes(name));
  return { ...template, spec: { ...spec, volumes: [...claims, ...others] } };
}

function validateStrategy({ updateStrategy: strategy = {} }: Readonly<StatefulSetSpec>, out: Findings): void {
  const { type = "", rollingUpdate } = strategy;
  const at = "spec.updateStrategy";
  if (type === "") out.required(at);
  else if (type === "OnDelete") {
    if (rollingUpdate !== undefined)
      out.invalid(
        `${at}.rollingUpdate`,
        goForm("apps/v1.RollingUpdateStatefulSetStrategy", rollingUpdate),
        "only allowed for updateStrategy 'RollingUpdate'",
      );
  } else if (type !== "RollingUpdate")
    out.invalid(at, goForm("apps/v1.StatefulSetUpdateStrategy", strategy), "must be 'RollingUpdate' or 'OnDelete'");
  else if (rollingUpdate !== undefined) {
    const { partition, maxUnavailable } = rollingUpdate;
    out.nonNegative(partition, `${at}.rollingUpdate.partition`);
    if (maxUnavailable === undefined) return;
    validateIntOrPercent(maxUnavailable, `${at}.rollingUpdate.maxUnavailable`, out);
    if (isNone(maxUnavailable)) out.invalid(`${at}.rollingUpdate.maxUnavailable`, maxUnavailable, "cannot be 0");
    validateNotAboveAll(maxUnavailable, `${at}.rollingUpdate.maxUnavailable`, out);
  }
}
