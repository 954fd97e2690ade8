import type { Container, LimitRange, Pod } from "@coracle/api";

type Amounts = Record<string, string>;

const annotation = "kubernetes.io/limit-ranger";

/** Gives containers the limits and requests that they leave out and the range has defaults for; an annotation says which. */
export function applyContainerDefaults(pod: Pod, range: Readonly<LimitRange>): void {
  const defaults = defaultsOf(range);
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((container) => fillIn(container, "container", defaults)),
    ...(pod.spec?.initContainers ?? []).flatMap((container) => fillIn(container, "init container", defaults)),
  ];
  if (notes.length > 0)
    pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join("; ")}` };
}

/** A maximum is the default limit where there is no other, that the default request, and else the minimum is. */
function defaultsOf(range: Readonly<LimitRange>): { requests: Amounts; limits: Amounts } {
  const requests: Amounts = {};
  const limits: Amounts = {};
  for (const item of range.spec?.limits ?? []) {
    if (item.type !== "Container") continue;
    const own = { ...item.max, ...item.default };
    Object.assign(limits, own);
    Object.assign(requests, { ...item.min, ...own, ...item.defaultRequest });
  }
  return { requests, limits };
}

function fillIn(container: Container, noun: string, defaults: { requests: Amounts; limits: Amounts }): string[] {
  const resources = (container.resources ??= {});
  return (["requests", "limits"] as const).flatMap((side) => {
    const missing = Object.keys(defaults[side]).filter((name) => resources[side]?.[name] === undefined);
    if (missing.length === 0) return [];
    const added = Object.fromEntries(missing.map((name) => [name, defaults[side][name] ?? ""]));
    resources[side] = { ...resources[side], ...added };
    return [`${missing.sort().join(", ")} ${side.slice(0, -1)} for ${noun} ${container.name}`];
  });
}
