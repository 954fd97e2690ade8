import { compareQuantities, newForbidden, parseQuantity, type UnstructuredObject } from "@coracle/apimachinery";
import { isAbout, type AdmissionPlugin } from "./admission.ts";
import { podSpecOf, type ContainerFields } from "./pod.ts";

type Resources = Record<string, string>;

interface Limit {
  type: string;
  min?: Resources;
  max?: Resources;
  default?: Resources;
  defaultRequest?: Resources;
}

/** Fills in and checks the resources of containers as the namespace's LimitRanges say. Limits of whole pods and claims are not checked. */
export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  handles: (attributes) => isAbout(attributes, "pods", "CREATE"),

  mutate({ object, namespace }, environment) {
    for (const limit of containerLimits(environment.list("limitranges", namespace))) {
      for (const container of containersOf(object as UnstructuredObject)) fillIn(container, limit);
    }
  },

  validate({ object, namespace, definition, name }, environment) {
    const problems: string[] = [];
    for (const limit of containerLimits(environment.list("limitranges", namespace))) {
      for (const container of containersOf(object as UnstructuredObject)) problems.push(...problemsOf(container, limit));
    }
    const [first] = problems;
    if (first !== undefined) throw newForbidden(definition, name, problems.length === 1 ? first : `[${problems.join(", ")}]`);
  },
};

function containerLimits(ranges: readonly Readonly<UnstructuredObject>[]): Limit[] {
  const limits = ranges.flatMap((range) => ((range["spec"] ?? {}) as { limits?: Limit[] }).limits ?? []);
  return limits.filter(({ type }) => type === "Container");
}

function containersOf(pod: UnstructuredObject): ContainerFields[] {
  const spec = podSpecOf(pod);
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

function fillIn(container: ContainerFields, limit: Limit): void {
  const resources = (container.resources ??= {});
  // A container's own limit is its default request; the range's default request comes after that.
  const requests = { ...limit.defaultRequest, ...resources.limits, ...resources.requests };
  const limits = { ...limit.default, ...resources.limits };
  const known = Object.keys(requests).filter(
    (name) => limit.defaultRequest?.[name] !== undefined || resources.requests?.[name] !== undefined,
  );
  const wanted = Object.fromEntries(known.map((name) => [name, requests[name] as string]));
  if (Object.keys(wanted).length > 0) resources.requests = wanted;
  if (Object.keys(limits).length > 0) resources.limits = limits;
}

function problemsOf({ resources = {} }: ContainerFields, { min = {}, max = {} }: Limit): string[] {
  const problems: string[] = [];
  for (const [name, bound] of Object.entries(min)) {
    const request = resources.requests?.[name];
    if (request === undefined) problems.push(`minimum ${name} usage per Container is ${bound}.  No request is specified`);
    else if (compare(request, bound) < 0) problems.push(`minimum ${name} usage per Container is ${bound}, but request is ${request}`);
  }
  for (const [name, bound] of Object.entries(max)) {
    const limit = resources.limits?.[name];
    if (limit === undefined) problems.push(`maximum ${name} usage per Container is ${bound}.  No limit is specified`);
    else if (compare(limit, bound) > 0) problems.push(`maximum ${name} usage per Container is ${bound}, but limit is ${limit}`);
  }
  return problems;
}

function compare(left: string, right: string): number {
  return compareQuantities(parseQuantity(left), parseQuantity(right));
}
