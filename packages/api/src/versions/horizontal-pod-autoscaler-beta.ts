import type { MetricSpec, MetricStatus } from "../generated/autoscaling-v2.ts";
import { objectAt, objectsAt, setAnnotation, setDefault, type Fields } from "./fields.ts";
import { flattenSpec, flattenStatus, unflattenSpec, unflattenStatus, type FlatMetric } from "./metric-forms.ts";
import type { VersionForm } from "./version-form.ts";

const behaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";

/** Values that are no pointers upstream: zero where another value is the target. */
const alwaysWritten: readonly (readonly [source: string, field: string])[] = [
  ["object", "targetValue"],
  ["object", "currentValue"],
  ["pods", "targetAverageValue"],
  ["pods", "currentAverageValue"],
  ["resource", "currentAverageValue"],
  ["containerResource", "currentAverageValue"],
  ["external", "currentValue"],
];

/** `autoscaling/v2beta1`: each value of a metric in a field of its own, and the behavior in an annotation. */
export const autoscalerBetaForm: VersionForm = {
  toStorage(object) {
    const spec = objectAt(object, "spec");
    const status = objectAt(object, "status");
    changeMetrics(spec, "metrics", (flat) => unflattenSpec(withoutZeros(flat)));
    changeMetrics(status, "currentMetrics", (flat) => unflattenStatus(withoutZeros(flat)));
    const behavior = parseObject(object.metadata.annotations?.[behaviorAnnotation]);
    if (spec !== undefined && behavior !== undefined) spec["behavior"] = behavior;
    setAnnotation(object, behaviorAnnotation, undefined);
  },
  fromStorage(object) {
    const spec = objectAt(object, "spec");
    changeMetrics(spec, "metrics", (metric) => withZeros(flattenSpec(metric as unknown as MetricSpec), "target"));
    changeMetrics(objectAt(object, "status"), "currentMetrics", (metric) =>
      withZeros(flattenStatus(metric as unknown as MetricStatus), "current"),
    );
    if (spec?.["behavior"] !== undefined) setAnnotation(object, behaviorAnnotation, JSON.stringify(spec["behavior"]));
  },
};

function changeMetrics(owner: Fields | undefined, name: string, change: (metric: FlatMetric) => object): void {
  if (owner?.[name] !== undefined) owner[name] = objectsAt(owner, name).map((metric) => change(metric as FlatMetric));
}

function withZeros(flat: FlatMetric, prefix: "target" | "current"): Fields {
  for (const [source, field] of alwaysWritten) {
    const values = objectAt(flat, source);
    if (values !== undefined && field.startsWith(prefix)) setDefault(values, field, "0");
  }
  return flat;
}

function withoutZeros(flat: FlatMetric): FlatMetric {
  for (const [source, field] of alwaysWritten) {
    const values = objectAt(flat, source);
    const hasOther = Object.keys(values ?? {}).some((name) => name !== field && /^(target|current)\w+|^averageValue$/.test(name));
    if (values?.[field] === "0" && hasOther) delete values[field];
  }
  return flat;
}

/** Undefined for what cannot be read, as upstream ignores it. */
function parseObject(text: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return objectAt({ value }, "value");
  } catch {
    return undefined;
  }
}
