import { compareQuantities, parseQuantity, pathSegmentErrors, supportedValues, zeroQuantity, type Findings } from "@coracle/apimachinery";
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscalerSpec,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from "../../generated/types.ts";
import { validateContainerResourceName } from "../shared/resource-names.ts";

const sourceTypes = supportedValues("ContainerResource", "External", "Object", "Pods", "Resource");
// In upstream's order.
const sources = ["object", "external", "pods", "resource", "containerResource"] as const;
const targetTypes = new Set(["Utilization", "Value", "AverageValue"]);

type ReferenceRule = (reference: Readonly<CrossVersionObjectReference>, at: string) => void;

export function validateMetrics(
  { metrics = [], minReplicas }: Readonly<HorizontalPodAutoscalerSpec>,
  at: string,
  out: Findings,
  validateReference: ReferenceRule,
): void {
  for (const [index, metric] of metrics.entries()) validateMetric(metric, `${at}[${index}]`, out, validateReference);
  if (minReplicas === 0 && !metrics.some(({ type }) => type === "Object" || type === "External"))
    out.forbidden(at, "must specify at least one Object or External metric to support scaling to zero replicas");
}

function validateMetric(metric: Readonly<MetricSpec>, at: string, out: Findings, validateReference: ReferenceRule): void {
  const { type = "" } = metric;
  if (type === "") out.required(`${at}.type`, "must specify a metric source type");
  out.oneOf(type, sourceTypes, `${at}.type`);
  const present = sources.filter((name) => metric[name] !== undefined);
  const [first] = present;
  // Of several, only the first is looked into.
  if (first !== undefined) validateSource({ type, [first]: metric[first] }, `${at}.${first}`, out, validateReference);
  const expected = sources.find((name) => name.toLowerCase() === type.toLowerCase());
  if (expected === undefined) out.oneOf(type, sourceTypes, `${at}.type`);
  else if (metric[expected] === undefined) out.required(`${at}.${expected}`, "must populate information for the given metric source");
  if (present.length === 1) return;
  for (const name of present) if (name !== expected) out.forbidden(`${at}.${name}`, "must populate the given metric source only");
}

function validateSource(metric: Readonly<MetricSpec>, at: string, out: Findings, validateReference: ReferenceRule): void {
  const { object, external, pods, resource, containerResource } = metric;
  if (object !== undefined) {
    validateReference(object.describedObject, `${at}.describedObject`);
    validateIdentified(object, at, out);
    requireEither(object.target, ["value", "averageValue"], { at, text: "must set either a target value or averageValue", out });
  }
  if (external !== undefined) {
    validateIdentified(external, at, out);
    const { value, averageValue } = external.target;
    const text = "a target value for metric and a per-pod target";
    requireEither(external.target, ["value", "averageValue"], {
      at,
      text: "must set either a target value for metric or a per-pod target",
      out,
    });
    if (value !== undefined && averageValue !== undefined) out.forbidden(`${at}.target.value`, `may not set both ${text}`);
  }
  if (pods !== undefined) {
    validateIdentified(pods, at, out);
    if (pods.target.averageValue === undefined) out.required(`${at}.target.averageValue`, "must specify a positive target averageValue");
  }
  if (resource !== undefined) {
    out.present(resource.name, `${at}.name`, "must specify a resource name");
    validateUtilization(resource.target, at, out);
  }
  if (containerResource !== undefined) {
    if (out.present(containerResource.name, `${at}.name`, "must specify a resource name"))
      validateContainerResourceName(containerResource.name, `${at}.name`, out);
    if (out.present(containerResource.container, `${at}.container`, "must specify a container"))
      out.label(containerResource.container, `${at}.container`);
    validateUtilization(containerResource.target, at, out);
  }
}

interface Requirement {
  readonly at: string;
  readonly text: string;
  readonly out: Findings;
}

function requireEither(target: Readonly<MetricTarget>, names: readonly (keyof MetricTarget)[], { at, text, out }: Requirement): void {
  if (names.every((name) => target[name] === undefined)) out.required(`${at}.target.averageValue`, text);
}

function validateIdentified(source: { readonly metric: MetricIdentifier; readonly target: MetricTarget }, at: string, out: Findings): void {
  const { name = "" } = source.metric;
  if (out.present(name, `${at}.metric.name`, "must specify a metric name"))
    out.messages(`${at}.metric.name`, name, pathSegmentErrors(name));
  validateTarget(source.target, `${at}.target`, out);
}

function validateUtilization(target: Readonly<MetricTarget>, at: string, out: Findings): void {
  validateTarget(target, `${at}.target`, out);
  const { averageUtilization, averageValue } = target;
  if (averageUtilization === undefined && averageValue === undefined)
    out.required(`${at}.target.averageUtilization`, "must set either a target raw value or a target utilization");
  if (averageUtilization !== undefined && averageValue !== undefined)
    out.forbidden(`${at}.target.averageValue`, "may not set both a target raw value and a target utilization");
}

function validateTarget(target: Readonly<MetricTarget>, at: string, out: Findings): void {
  const { type = "", value, averageValue, averageUtilization } = target;
  if (type === "") out.required(`${at}.type`, "must specify a metric target type");
  if (!targetTypes.has(type)) out.invalid(`${at}.type`, type, "must be either Utilization, Value, or AverageValue");
  const requirePositive = (amount: string | undefined, name: string): void => {
    if (amount !== undefined && compareQuantities(parseQuantity(amount), zeroQuantity) <= 0)
      out.invalid(`${at}.${name}`, amount, "must be positive");
  };
  requirePositive(value, "value");
  requirePositive(averageValue, "averageValue");
  if (averageUtilization !== undefined && averageUtilization < 1)
    out.invalid(`${at}.averageUtilization`, averageUtilization, "must be greater than 0");
}
