import { newForbidden } from "@coracle/apimachinery";
import type { Pod, PriorityClass } from "@coracle/api";
import { isAbout, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";

const resource = "priorityclasses.scheduling.k8s.io";
const preemptLower = "PreemptLowerPriority";

/** A starting server makes these; pods may be faster. */
const systemPriorities: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

/** Turns the name of a pod's priority class into a number, and keeps the cluster to one default class. */
export const priority: AdmissionPlugin = {
  name: "Priority",
  handles: (attributes) => {
    const isWrite = attributes.operation === "CREATE" || attributes.operation === "UPDATE";
    return isWrite && (isAbout(attributes, "pods") || isAbout(attributes, resource));
  },

  mutate(attributes, environment) {
    if (!isAbout(attributes, "pods")) return;
    const pod = attributes.object as unknown as Pod;
    const spec = (pod.spec ??= { containers: [] });
    if (attributes.operation === "CREATE") return setPriority(attributes, spec, environment);
    // Clients of old versions leave out what was filled in.
    const old = (attributes.old as unknown as Pod).spec;
    if (old?.priority !== undefined) spec.priority ??= old.priority;
    if (old?.preemptionPolicy !== undefined) spec.preemptionPolicy ??= old.preemptionPolicy;
  },

  validate(attributes, environment) {
    if (!isAbout(attributes, resource)) return;
    const { globalDefault, metadata } = attributes.object as unknown as PriorityClass;
    const present = globalDefault === true ? defaultClass(environment) : undefined;
    if (present === undefined || (attributes.operation === "UPDATE" && present.metadata.name === metadata.name)) return;
    const cause = `PriorityClass ${present.metadata.name} is already marked as default. Only one default can exist`;
    throw newForbidden(attributes.definition, attributes.name, cause);
  },
};

function setPriority({ definition, name }: AdmissionAttributes, spec: NonNullable<Pod["spec"]>, environment: AdmissionEnvironment): void {
  const found = findPriority(spec.priorityClassName ?? "", environment);
  if (found === undefined) throw newForbidden(definition, name, `no PriorityClass with name ${spec.priorityClassName} was found`);
  const mustNot = (what: string, computed: string | number): never => {
    const text = `must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`;
    throw newForbidden(definition, name, `${what} ${text}`);
  };
  if (spec.priority !== undefined && spec.priority !== found.value)
    mustNot(`the integer value of priority (${spec.priority})`, found.value);
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== found.policy)
    mustNot(`the string value of PreemptionPolicy (${spec.preemptionPolicy})`, found.policy);
  if (found.className !== "") spec.priorityClassName = found.className;
  spec.priority = found.value;
  spec.preemptionPolicy = found.policy;
}

interface FoundPriority {
  readonly className: string;
  readonly value: number;
  readonly policy: string;
}

function findPriority(className: string, environment: AdmissionEnvironment): FoundPriority | undefined {
  const found = className === "" ? defaultClass(environment) : environment.get(resource, "", className);
  if (found !== undefined) {
    const { metadata, value = 0, preemptionPolicy: policy = preemptLower } = found as unknown as PriorityClass;
    return { className: metadata.name ?? "", value, policy };
  }
  const value = className === "" ? 0 : systemPriorities[className];
  return value === undefined ? undefined : { className, value, policy: preemptLower };
}

/** The lowest, should there be several. */
function defaultClass(environment: AdmissionEnvironment): PriorityClass | undefined {
  const classes = environment.list(resource, "") as unknown as readonly PriorityClass[];
  const defaults = classes.filter(({ globalDefault }) => globalDefault === true);
  return defaults.sort((left, right) => (left.value ?? 0) - (right.value ?? 0))[0];
}
