import { cloneJson, compareQuantities, deepEqual, newForbidden, quoteText } from "@coracle/apimachinery";
import { readResources, type Pod, type PodSpec, type RuntimeClass, type Toleration } from "@coracle/api";
import { isAbout, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** Gives pods the overhead of their RuntimeClass (KEP-688), and keeps them to the nodes that have it. */
export const runtimeClass: AdmissionPlugin = {
  name: "RuntimeClass",
  handles: (attributes) => isAbout(attributes, "pods", "CREATE"),

  async mutate(attributes, environment) {
    const { spec } = attributes.object as unknown as Pod;
    const found = await findClass(attributes, environment);
    if (spec === undefined || found === undefined) return;
    const overhead = found.overhead?.podFixed;
    if (overhead !== undefined) {
      if (Object.keys(spec.overhead ?? {}).length > 0 && !isSameOverhead(spec.overhead, overhead)) refuse(attributes, mismatch);
      spec.overhead = cloneJson(overhead);
    }
    if (found.scheduling === undefined || found.scheduling === null) return;
    const conflict = mergeNodeSelector(spec, found.scheduling.nodeSelector ?? {});
    if (conflict !== undefined) refuse(attributes, conflict);
    const tolerations = mergeTolerations([...(spec.tolerations ?? []), ...cloneJson(found.scheduling.tolerations ?? [])]);
    if (tolerations.length > 0) spec.tolerations = tolerations;
  },

  async validate(attributes, environment) {
    const { spec } = attributes.object as unknown as Pod;
    const found = await findClass(attributes, environment);
    if (found?.overhead) {
      if (!isSameOverhead(spec?.overhead, found.overhead.podFixed)) refuse(attributes, mismatch);
    } else if (spec?.overhead) refuse(attributes, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  },
};

function refuse({ definition, name }: AdmissionAttributes, cause: string): never {
  throw newForbidden(definition, name, cause);
}

async function findClass(attributes: AdmissionAttributes, environment: AdmissionEnvironment): Promise<RuntimeClass | undefined> {
  const name = (attributes.object as unknown as Pod).spec?.runtimeClassName;
  if (name === undefined || name === null) return undefined;
  const resource = "runtimeclasses.node.k8s.io";
  const found = environment.get(resource, "", name) ?? (await environment.getFresh(resource, "", name));
  return found === undefined
    ? refuse(attributes, `pod rejected: RuntimeClass ${quoteText(name)} not found`)
    : (found as unknown as RuntimeClass);
}

function isSameOverhead(left: PodSpec["overhead"], right: PodSpec["overhead"]): boolean {
  const [one, other] = [readResources(left), readResources(right)];
  return (
    one.size === other.size &&
    [...one].every(([name, quantity]) => {
      const same = other.get(name);
      return same !== undefined && compareQuantities(quantity, same) === 0;
    })
  );
}

/** Text of the first conflict; undefined when the labels were merged. */
function mergeNodeSelector(spec: PodSpec, wanted: Readonly<Record<string, string>>): string | undefined {
  for (const [key, value] of Object.entries(wanted)) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value)
      return `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
  }
  if (Object.keys(wanted).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...wanted };
  return undefined;
}

/** Without those that others include. */
function mergeTolerations(all: readonly Toleration[]): Toleration[] {
  const merged: Toleration[] = [];
  for (const [index, each] of all.entries()) {
    const isIncluded = merged.some((other) => includes(other, each));
    const isIncludedLater = all.slice(index + 1).some((other) => !deepEqual(other, each) && includes(other, each));
    if (!isIncluded && !isIncludedLater) merged.push(each);
  }
  return merged;
}

/** Whether `wide` tolerates all that `narrow` does. */
function includes(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  const isAnyKey = (wide.key ?? "") === "" && wide.operator === "Exists";
  if ((wide.key ?? "") !== (narrow.key ?? "") && !isAnyKey) return false;
  if ((wide.effect ?? "") !== "" && wide.effect !== narrow.effect) return false;
  const limit = wide.effect === "NoExecute" ? wide.tolerationSeconds : undefined;
  if (limit !== undefined && (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > limit)) return false;
  if (wide.operator === "Exists") return true;
  const isEqual = (wide.operator ?? "Equal") === "Equal" && narrow.operator === "Equal";
  return isEqual && (wide.value ?? "") === (narrow.value ?? "");
}
