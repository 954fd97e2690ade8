import type {
  CrossVersionObjectReference,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "../generated/autoscaling-v2.ts";

/** A metric in the older form, which `autoscaling/v1` keeps in annotations: each value in a field of its own. */
export interface FlatMetric {
  readonly type: string;
  readonly [source: string]: unknown;
}

type Flat = Record<string, unknown>;
type Values = Pick<MetricTarget, "averageUtilization" | "averageValue" | "value">;
interface NestedSource {
  name?: string;
  container?: string;
  metric?: { name: string; selector?: unknown };
  describedObject?: CrossVersionObjectReference;
}

const sources = ["resource", "containerResource", "pods", "object", "external"] as const;

export function flattenSpec(metric: MetricSpec): FlatMetric {
  return flatten(metric, "target", (source) => (source as { target?: MetricTarget }).target);
}

export function flattenStatus(metric: MetricStatus): FlatMetric {
  return flatten(metric, "current", (source) => (source as { current?: MetricValueStatus }).current);
}

export function unflattenSpec(flat: FlatMetric): MetricSpec {
  return unflatten(flat, "target", (values) => ({ target: { type: targetType(values), ...values } })) as unknown as MetricSpec;
}

export function unflattenStatus(flat: FlatMetric): MetricStatus {
  return unflatten(flat, "current", (values) => ({ current: values })) as unknown as MetricStatus;
}

function flatten(metric: MetricSpec | MetricStatus, prefix: string, valuesOf: (source: object) => Values | undefined): FlatMetric {
  const flat: Flat & { type: string } = { type: metric.type };
  for (const kind of sources) {
    const source = metric[kind];
    if (source === undefined) continue;
    const { name, container, metric: identifier, describedObject } = source as NestedSource;
    const { averageUtilization, averageValue, value } = valuesOf(source) ?? {};
    flat[kind] = definedOnly({
      name,
      container,
      metricName: identifier?.name,
      [selectorKey(kind)]: identifier?.selector,
      target: describedObject,
      [`${prefix}AverageUtilization`]: averageUtilization,
      [averageKey(kind, prefix)]: averageValue,
      [`${prefix}Value`]: value,
    });
  }
  return flat;
}

function unflatten(flat: FlatMetric, prefix: string, nest: (values: Values) => object): Flat {
  const metric: Flat = { type: flat.type };
  for (const kind of sources) {
    const source = flat[kind] as Flat | undefined;
    if (source === undefined) continue;
    const values = definedOnly({
      averageUtilization: source[`${prefix}AverageUtilization`],
      averageValue: source[averageKey(kind, prefix)],
      value: source[`${prefix}Value`],
    });
    const { name, container, metricName, target } = source;
    const identifier = metricName === undefined ? undefined : definedOnly({ name: metricName, selector: source[selectorKey(kind)] });
    metric[kind] = { ...definedOnly({ name, container, metric: identifier, describedObject: target }), ...nest(values) };
  }
  return metric;
}

function selectorKey(kind: string): string {
  return kind === "external" ? "metricSelector" : "selector";
}

function averageKey(kind: string, prefix: string): string {
  return kind === "object" ? "averageValue" : `${prefix}AverageValue`;
}

function targetType({ averageUtilization, averageValue }: Values): string {
  if (averageUtilization !== undefined) return "Utilization";
  return averageValue === undefined ? "Value" : "AverageValue";
}

function definedOnly(fields: Flat): Flat {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
