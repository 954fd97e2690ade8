import { parseTime } from "@coracle/apimachinery";
import type { ConfigMap, Event, Namespace, Node, ResourceQuota, Secret } from "../generated/core-v1.ts";
import { orNone, since, unknown, type Cells } from "./cells.ts";

export const namespaceCells: Cells<Namespace> = { Status: ({ status }) => status?.phase ?? "" };

export const configMapCells: Cells<ConfigMap> = {
  Data: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
};

export const secretCells: Cells<Secret> = {
  Type: ({ type }) => type ?? "",
  Data: ({ data }) => Object.keys(data ?? {}).length,
};

export const nodeCells: Cells<Node> = {
  Status: ({ spec, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    const text = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
    return spec?.unschedulable === true ? `${text},SchedulingDisabled` : text;
  },
  Roles: ({ metadata: { labels = {} } }) => orNone(rolesOf(labels).join(",")),
  Version: ({ status }) => status?.nodeInfo?.kubeletVersion ?? "",
  "Internal-IP": (node) => addressOf(node, "InternalIP"),
  "External-IP": (node) => addressOf(node, "ExternalIP"),
  "OS-Image": ({ status }) => status?.nodeInfo?.osImage || unknown,
  "Kernel-Version": ({ status }) => {
    const { kernelVersion = "", architecture = "" } = status?.nodeInfo ?? {};
    return `${kernelVersion || unknown}${architecture === "" ? "" : ` (${architecture})`}`;
  },
  "Container-Runtime": ({ status }) => status?.nodeInfo?.containerRuntimeVersion || unknown,
};

const rolePrefix = "node-role.kubernetes.io/";

function rolesOf(labels: Readonly<Record<string, string>>): string[] {
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)];
    return key === "kubernetes.io/role" ? [value] : [];
  });
  return [...new Set(roles.filter((role) => role !== ""))].sort();
}

function addressOf({ status }: Node, wanted: string): string {
  return orNone(status?.addresses?.find(({ type }) => type === wanted)?.address);
}

export const eventCells: Cells<Event> = {
  "Last Seen": (event, nowMs) => {
    if (event.series !== undefined) return since(event.series.lastObservedTime, nowMs);
    return Number.isNaN(parseTime(event.lastTimestamp)) ? firstSeen(event, nowMs) : since(event.lastTimestamp, nowMs);
  },
  Type: ({ type }) => type ?? "",
  Reason: ({ reason }) => reason ?? "",
  Object: ({ involvedObject: { kind = "", name = "" } }) => (name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`),
  Subobject: ({ involvedObject }) => involvedObject.fieldPath ?? "",
  Source: ({ source, reportingComponent, reportingInstance }) => {
    const component = source?.component || reportingComponent || "";
    const instance = source?.host || reportingInstance || "";
    return instance === "" ? component : `${component}, ${instance}`;
  },
  Message: ({ message }) => (message ?? "").trim(),
  "First Seen": firstSeen,
  Count: ({ series, count }) => (series === undefined ? count || 1 : (series.count ?? 0)),
};

function firstSeen({ firstTimestamp, eventTime }: Event, nowMs: number): string {
  return since(Number.isNaN(parseTime(firstTimestamp)) ? eventTime : firstTimestamp, nowMs);
}

export const resourceQuotaCells: Cells<ResourceQuota> = {
  Request: (quota) => usedOfHard(quota, false),
  Limit: (quota) => usedOfHard(quota, true),
};

function usedOfHard({ status }: ResourceQuota, isLimit: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith("limits.") === isLimit)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? "0"}/${hard}`)
    .join(", ");
}
