import { selectorFrom, selectorFromMap, type Findings, type LabelSelector } from "@coracle/apimachinery";
import type { PodTemplateSpec } from "../../generated/types.ts";
import { goForm } from "../shared/go-form.ts";
import { validateTemplate } from "../pod/template.ts";

const noTemplate: PodTemplateSpec = {};

/** What a kind says of a template that its pods restart in for ever. */
export interface RunningTemplate {
  readonly template: Readonly<PodTemplateSpec> | undefined;
  readonly old?: Readonly<PodTemplateSpec> | undefined;
  /** As messages name it: `ReplicaSet`. */
  readonly kind: string;
}

/** The selector of a kind that must have one; `named` is how the message about an empty one calls the kind. */
export function validateSelector(selector: LabelSelector | undefined, named: string, out: Findings): void {
  if (selector === undefined) return out.required("spec.selector");
  out.labelSelector(selector, "spec.selector");
  validateNotEmpty(selector, named, out);
}

export function validateNotEmpty(selector: LabelSelector, named: string, out: Findings): void {
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0)
    out.invalid("spec.selector", goForm("meta/v1.LabelSelector", selector), `empty selector is invalid for ${named}`);
}

/** Whether the selector can be read and selects the template's pods; `unreadable` is undefined where upstream says nothing of it. */
export function validateSelected(
  selector: LabelSelector | undefined,
  template: Readonly<PodTemplateSpec> | undefined,
  out: Findings,
  unreadable?: string,
): boolean {
  try {
    const labels = template?.metadata?.labels;
    if (!selectorFrom(selector).matches(labels)) refuseLabels(labels, out);
    return true;
  } catch {
    if (unreadable !== undefined) out.invalid("spec.selector", goForm("meta/v1.LabelSelector", selector), unreadable);
    return false;
  }
}

/** {@link validateSelected} for the plain map of a ReplicationController. */
export function validateSelectedByMap(
  selector: Readonly<Record<string, string>>,
  template: Readonly<PodTemplateSpec>,
  out: Findings,
): void {
  const labels = template.metadata?.labels;
  if (!selectorFromMap(selector).matches(labels)) refuseLabels(labels, out);
}

function refuseLabels(labels: Readonly<Record<string, string>> | undefined, out: Findings): void {
  out.invalid("spec.template.metadata.labels", goForm("{}string", labels), "`selector` does not match template `labels`");
}

/** The template itself, and that its pods run for ever. */
export function validateRunning({ template = noTemplate, old, kind }: RunningTemplate, out: Findings): void {
  validateTemplate(template, "spec.template", out, old);
  validateRestarts({ template, kind }, out);
}

export function validateRestarts({ template = noTemplate, kind }: Omit<RunningTemplate, "old">, out: Findings): void {
  const { restartPolicy = "", activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== "Always") out.unsupported("spec.template.spec.restartPolicy", restartPolicy, ["Always"]);
  if (activeDeadlineSeconds !== undefined)
    out.forbidden("spec.template.spec.activeDeadlineSeconds", `activeDeadlineSeconds in ${kind} is not Supported`);
}
