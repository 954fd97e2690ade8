import {
  deepEqual,
  dns1035LabelErrors,
  dnsSubdomainErrors,
  Findings,
  indexPath,
  supportedValues,
  validateLabelSelector,
  type KubeObject,
  type LabelSelector,
  type ResourceStrategy,
} from "@coracle/apimachinery";
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { loadExpressions, validateMatchConditions } from "./expressions.ts";
import { validateRule } from "./rules.ts";
import { staticNameWarnings } from "./static-names.ts";
import { validateClientConfig } from "./webhook-client-config.ts";

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, "reinvocationPolicy">;
type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

export const failurePolicies = supportedValues("Fail", "Ignore");
export const matchPolicies = supportedValues("Equivalent", "Exact");
export const reinvocationPolicies = supportedValues("IfNeeded", "Never");
const sideEffects = supportedValues("None", "NoneOnDryRun", "Some", "Unknown");
const noSideEffects = supportedValues("None", "NoneOnDryRun");
const reviewVersions = ["v1", "v1beta1"];

/** Rules that what is stored may break because it did before. */
interface Allowances {
  readonly sideEffects: boolean;
  readonly unknownReviewVersions: boolean;
  readonly repeatedNames: boolean;
  readonly badSelectorValues: boolean;
  readonly oldConditions: boolean;
}

const nothingAllowed: Allowances = {
  sideEffects: false,
  unknownReviewVersions: false,
  repeatedNames: false,
  badSelectorValues: false,
  oldConditions: false,
};

/** MutatingWebhookConfiguration and ValidatingWebhookConfiguration. */
export const webhookConfigurations: ResourceStrategy = {
  ...strategyOf<Configuration & KubeObject>({
    hasStatus: false,
    hasGeneration: true,
    validate(configuration, out, old) {
      const webhooks = configuration.webhooks ?? [];
      validateWebhooks(webhooks, out, old === undefined ? nothingAllowed : allowancesOf(old.webhooks ?? [], webhooks));
    },
    warnings: ({ metadata }) => staticNameWarnings(metadata.name),
    more: { allowUnconditionalUpdate: false },
  }),
  load(object) {
    const webhooks = (object["webhooks"] ?? []) as readonly Webhook[];
    return webhooks.some(({ matchConditions }) => (matchConditions ?? []).length > 0) ? loadExpressions() : undefined;
  },
};

function allowancesOf(old: readonly Webhook[], next: readonly Webhook[]): Allowances {
  return {
    sideEffects: old.some((webhook) => !noSideEffects.has(webhook.sideEffects ?? "")),
    unknownReviewVersions: old.some(({ admissionReviewVersions: versions = [] }) => versions.length > 0 && !hasKnownVersion(versions)),
    repeatedNames: new Set(old.map(({ name }) => name)).size < old.length,
    badSelectorValues: old.some(({ namespaceSelector = {}, objectSelector = {} }) =>
      [namespaceSelector, objectSelector].some((selector) => validateLabelSelector(selector, "").length > 0),
    ),
    oldConditions:
      old.length === next.length && old.every(({ matchConditions }, index) => deepEqual(matchConditions, next[index]?.matchConditions)),
  };
}

function validateWebhooks(webhooks: readonly Webhook[], out: Findings, allow: Allowances): void {
  const names = new Set<string>();
  for (const [index, webhook] of webhooks.entries()) {
    const at = indexPath("webhooks", index);
    validateWebhook(webhook, at, out, allow);
    validateReviewVersions(webhook.admissionReviewVersions ?? [], `${at}.admissionReviewVersions`, out, allow);
    if (allow.repeatedNames || webhook.name === "") continue;
    if (names.has(webhook.name)) out.duplicate(`${at}.name`, webhook.name);
    names.add(webhook.name);
  }
}

function validateWebhook(webhook: Webhook, at: string, out: Findings, allow: Allowances): void {
  validateQualifiedDomain(webhook.name, `${at}.name`, out);
  (webhook.rules ?? []).forEach((rule, index) => validateRule(rule, indexPath(`${at}.rules`, index), out));
  out.optionalOneOf(webhook.failurePolicy, failurePolicies, `${at}.failurePolicy`);
  out.optionalOneOf(webhook.matchPolicy, matchPolicies, `${at}.matchPolicy`);
  const allowed = allow.sideEffects ? sideEffects : noSideEffects;
  if (out.present(webhook.sideEffects, `${at}.sideEffects`, `must specify one of ${allowed.values.join(", ")}`)) {
    out.oneOf(webhook.sideEffects, allowed, `${at}.sideEffects`);
  }
  const { timeoutSeconds: seconds } = webhook;
  if (seconds !== undefined && (seconds > 30 || seconds < 1)) {
    out.invalid(`${at}.timeoutSeconds`, seconds, "the timeout value must be between 1 and 30 seconds");
  }
  validateSelector(webhook.namespaceSelector, `${at}.namespaceSelector`, out, allow);
  validateSelector(webhook.objectSelector, `${at}.objectSelector`, out, allow);
  out.optionalOneOf(webhook.reinvocationPolicy, reinvocationPolicies, `${at}.reinvocationPolicy`);
  validateClientConfig(webhook.clientConfig, `${at}.clientConfig`, out);
  if (!allow.oldConditions) validateMatchConditions(webhook.matchConditions ?? [], `${at}.matchConditions`, out, { hasParams: false });
}

/** `name.example.com`. */
function validateQualifiedDomain(name: string | undefined, at: string, out: Findings): void {
  if (name === undefined || !out.present(name, at)) return;
  const errors = dnsSubdomainErrors(name);
  if (errors.length > 0) out.invalid(at, name, errors.join(","));
  else if (name.split(".").length < 3) out.invalid(at, name, "should be a domain with at least three segments separated by dots");
}

function validateSelector(selector: LabelSelector | undefined, at: string, out: Findings, { badSelectorValues }: Allowances): void {
  if (selector === undefined) return;
  const errors = validateLabelSelector(selector, at);
  const isOfValue = /\.matchExpressions\[\d+\]\.values\[\d+\]$/;
  out.addAll(badSelectorValues ? errors.filter(({ field }) => !isOfValue.test(field)) : errors);
}

function validateReviewVersions(versions: readonly string[], at: string, out: Findings, { unknownReviewVersions }: Allowances): void {
  if (versions.length === 0) {
    out.required(at, `must specify one of ${reviewVersions.join(", ")}`);
    return;
  }
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) out.invalid(indexPath(at, index), version, "duplicate version");
    else out.messages(indexPath(at, index), version, dns1035LabelErrors(version));
    seen.add(version);
  }
  if (!unknownReviewVersions && !hasKnownVersion(versions)) {
    out.invalid(at, versions, `must include at least one of ${reviewVersions.join(", ")}`);
  }
}

function hasKnownVersion(versions: readonly string[]): boolean {
  return versions.some((version) => reviewVersions.includes(version));
}
