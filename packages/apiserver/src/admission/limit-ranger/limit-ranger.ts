import { newForbidden } from "@coracle/apimachinery";
import {
  podLimits,
  podRequests,
  readResources,
  type LimitRange,
  type LimitRangeItem,
  type PersistentVolumeClaim,
  type Pod,
} from "@coracle/api";
import { isResource, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "../admission.ts";
import { claimProblems, limitProblems } from "./constraints.ts";
import { applyContainerDefaults } from "./container-defaults.ts";

/** Fills in and checks the resources of containers, pods and claims as the namespace's LimitRanges say. */
export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  handles: (attributes) => isPodWrite(attributes) || isClaimWrite(attributes),

  mutate(attributes, environment) {
    if (!isPodWrite(attributes) || isGoing(attributes)) return;
    for (const range of rangesOf(attributes, environment)) applyContainerDefaults(attributes.object as unknown as Pod, range);
  },

  validate(attributes, environment) {
    if (isGoing(attributes)) return;
    const problemsOf = isPodWrite(attributes) ? podProblems(attributes) : volumeClaimProblems(attributes);
    for (const range of rangesOf(attributes, environment)) {
      const problems = [...new Set((range.spec?.limits ?? []).flatMap(problemsOf))];
      const [first] = problems;
      if (first === undefined) continue;
      throw newForbidden(attributes.definition, attributes.name, problems.length === 1 ? first : `[${problems.join(", ")}]`);
    }
  },
};

/** Containers are fixed once a pod is made, except for their resources by way of `resize`. */
function isPodWrite({ definition, operation, subresource }: AdmissionAttributes): boolean {
  if (!isResource(definition, "pods")) return false;
  return subresource === "" ? operation === "CREATE" : subresource === "resize" && operation === "UPDATE";
}

function isClaimWrite({ definition, operation, subresource }: AdmissionAttributes): boolean {
  return isResource(definition, "persistentvolumeclaims") && subresource === "" && (operation === "CREATE" || operation === "UPDATE");
}

function isGoing({ old }: AdmissionAttributes): boolean {
  return old?.metadata.deletionTimestamp !== undefined;
}

function rangesOf({ namespace }: AdmissionAttributes, environment: AdmissionEnvironment): readonly Readonly<LimitRange>[] {
  return environment.list("limitranges", namespace) as unknown as readonly Readonly<LimitRange>[];
}

function podProblems({ object }: AdmissionAttributes): (item: LimitRangeItem) => string[] {
  const pod = object as unknown as Pod;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return (item) => {
    if (item.type === "Pod") {
      const options = { includesOverhead: false };
      return limitProblems(item, { requests: podRequests(pod, options), limits: podLimits(pod, options) });
    }
    if (item.type !== "Container") return [];
    return containers.flatMap(({ resources }) =>
      limitProblems(item, { requests: readResources(resources?.requests), limits: readResources(resources?.limits) }),
    );
  };
}

function volumeClaimProblems({ object }: AdmissionAttributes): (item: LimitRangeItem) => string[] {
  const { spec } = object as unknown as PersistentVolumeClaim;
  const requests = readResources(spec?.resources?.requests);
  return (item) => (item.type === "PersistentVolumeClaim" ? claimProblems(item, requests) : []);
}
