import { newForbidden, type UnstructuredObject } from "@coracle/apimachinery";
import { isAbout, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";
import { podSpecOf, type PodSpecFields } from "./pod.ts";

const toleratedSeconds = 300;
const toleratedTaints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Pods stay five minutes on a node that is not ready or unreachable, unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  handles: (attributes) => isAbout(attributes, "pods") && attributes.operation !== "DELETE",
  mutate({ object }) {
    const spec = podSpecOf(object as UnstructuredObject);
    for (const key of toleratedTaints) {
      const isTolerated = spec.tolerations?.some(
        (each) => (each.key === key || !each.key) && (each.effect === "NoExecute" || !each.effect),
      );
      if (isTolerated) continue;
      const toleration = { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: toleratedSeconds };
      spec.tolerations = [...(spec.tolerations ?? []), toleration];
    }
  },
};

interface PriorityClass extends UnstructuredObject {
  value: number;
  globalDefault?: boolean;
  preemptionPolicy?: string;
}

/** These exist before anybody could create them. */
const systemPriorities: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

/** Turns the name of a priority class into a number. */
export const priority: AdmissionPlugin = {
  name: "Priority",
  handles: (attributes) => isAbout(attributes, "pods", "CREATE"),
  mutate({ object, definition, name }, environment) {
    const spec = podSpecOf(object as UnstructuredObject);
    const found = priorityOf(spec, environment);
    if (found === undefined) throw newForbidden(definition, name, `no PriorityClass with name ${spec.priorityClassName} was found`);
    if (spec.priority !== undefined && spec.priority !== found.value) {
      const computed = `priority admission controller computed ${found.value} from the given PriorityClass name`;
      throw newForbidden(
        definition,
        name,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; ${computed}`,
      );
    }
    if (found.className !== "") spec.priorityClassName = found.className;
    spec.priority = found.value;
    spec.preemptionPolicy ??= found.preemptionPolicy;
  },
};

interface FoundPriority {
  readonly className: string;
  readonly value: number;
  readonly preemptionPolicy: string;
}

function priorityOf(spec: PodSpecFields, environment: AdmissionEnvironment): FoundPriority | undefined {
  const resource = "priorityclasses.scheduling.k8s.io";
  const className = spec.priorityClassName ?? "";
  if (className === "") {
    const classes = environment.list(resource, "") as readonly PriorityClass[];
    const [lowest] = classes.filter(({ globalDefault }) => globalDefault === true).sort((left, right) => left.value - right.value);
    return lowest === undefined ? { className, value: 0, preemptionPolicy: "PreemptLowerPriority" } : foundIn(lowest);
  }
  const named = environment.get(resource, "", className) as PriorityClass | undefined;
  if (named !== undefined) return foundIn(named);
  const value = systemPriorities[className];
  return value === undefined ? undefined : { className, value, preemptionPolicy: "PreemptLowerPriority" };
}

function foundIn({ metadata, value, preemptionPolicy = "PreemptLowerPriority" }: PriorityClass): FoundPriority {
  return { className: metadata.name ?? "", value, preemptionPolicy };
}
