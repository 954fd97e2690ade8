import { parseQuantity, quantityFromInteger, quantityFromMilli, type Quantity } from "@coracle/apimachinery";
import type { Container, Pod } from "@coracle/api";

/** What the downward API needs that is not in the pod as it is stored. */
export interface DownwardContext {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly podIps: readonly string[];
  /** The node's allocatable amounts, which stand in for limits that are not set. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** The value of a `fieldRef`. @throws when the path is not supported. */
export function fieldValue(pod: Pod, path: string, context: DownwardContext): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path);
  if (subscript !== null) return pod.metadata[subscript[1] as "labels" | "annotations"]?.[subscript[2] ?? ""] ?? "";
  switch (path) {
    case "metadata.name":
      return pod.metadata.name ?? "";
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid ?? "";
    case "metadata.labels":
      return formatMap(pod.metadata.labels);
    case "metadata.annotations":
      return formatMap(pod.metadata.annotations);
    case "spec.nodeName":
      return context.nodeName;
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "";
    case "status.hostIP":
    case "status.hostIPs":
      return context.nodeAddress;
    case "status.podIP":
      return context.podIps[0] ?? "";
    case "status.podIPs":
      return context.podIps.join(",");
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** The value of a `resourceFieldRef`: whole units of the divisor, rounded up. */
export function resourceValue(container: Container, resource: string, divisor: string | undefined, context: DownwardContext): string {
  const [kind = "", ...rest] = resource.split(".");
  const name = rest.join(".");
  const { limits = {}, requests = {} } = container.resources ?? {};
  const text = kind === "limits" ? (limits[name] ?? context.allocatable[name]) : (requests[name] ?? limits[name]);
  const amount = parseQuantity(text ?? "0");
  const unit: Quantity =
    divisor !== undefined && divisor !== "0" ? parseQuantity(divisor) : name === "cpu" ? quantityFromMilli(1000) : quantityFromInteger(1);
  return String((amount.nanos + unit.nanos - 1n) / unit.nanos);
}

function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}
