import type { APIService as Declared } from "@coracle/api";
import { formatTime, setCondition, type ResourceType, type UnstructuredObject } from "@coracle/apimachinery";
import type { ResourceAddress } from "../registry/contract.ts";

/** An APIService (`apiregistration.k8s.io/v1`): who serves one version of one group. */
export type APIService = Declared;

export interface Condition {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export const apiServiceType: ResourceType<APIService> = {
  group: "apiregistration.k8s.io",
  version: "v1",
  resource: "apiservices",
  kind: "APIService",
  isNamespaced: false,
};

export const localCondition: Condition = { status: "True", reason: "Local", message: "Local APIServices are always available" };

/** How an APIService that this server made is kept: `onstart` is looked at once, `true` always. */
export const automanagedLabel = "kube-aggregator.kubernetes.io/automanaged";

/** `v1.apps`; `v1.` for the core group. */
export function apiServiceName(group: string, version: string): string {
  return `${version}.${group}`;
}

export function apiServiceAddress(name = "", subresource = ""): ResourceAddress {
  const { group, version, resource } = apiServiceType;
  return { group, version, resource, namespace: "", name, subresource };
}

export function isAvailable(service: Readonly<APIService>): boolean {
  return service.status?.conditions?.some(({ type, status }) => type === "Available" && status === "True") ?? false;
}

/** The APIService with this condition of type `Available`; the same object when it has it already. */
export function withAvailability(service: Readonly<APIService>, condition: Condition, nowMs: number): Readonly<APIService> {
  const present = service.status?.conditions ?? [];
  const conditions = setCondition(present, { type: "Available", ...condition }, formatTime(nowMs));
  return conditions === present ? service : { ...service, status: { conditions: [...conditions] } };
}

export function asObject(service: Readonly<APIService>): UnstructuredObject {
  return service as unknown as UnstructuredObject;
}
