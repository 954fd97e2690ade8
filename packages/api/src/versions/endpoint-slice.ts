import { objectAt, objectsAt, type Fields } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

const zoneLabel = "topology.kubernetes.io/zone";
const hostLabel = "kubernetes.io/hostname";

/** `discovery.k8s.io/v1beta1`: node and zone of an endpoint are entries of its topology. */
export const endpointSliceForm: VersionForm = {
  toStorage(object) {
    for (const endpoint of objectsAt(object, "endpoints")) splitTopology(endpoint);
  },
  fromStorage(object) {
    for (const endpoint of objectsAt(object, "endpoints")) joinTopology(endpoint);
  },
};

function splitTopology(endpoint: Fields): void {
  const { [zoneLabel]: zone, ...rest } = objectAt(endpoint, "topology") ?? {};
  if (zone !== undefined) endpoint["zone"] = zone;
  // Another host than the node's name stays, as upstream lets it.
  if (rest[hostLabel] === endpoint["nodeName"]) delete rest[hostLabel];
  if (Object.keys(rest).length > 0) endpoint["deprecatedTopology"] = rest;
}

function joinTopology(endpoint: Fields): void {
  const { zone, nodeName } = endpoint;
  const topology: Fields = { ...objectAt(endpoint, "deprecatedTopology") };
  if (zone !== undefined) topology[zoneLabel] = zone;
  if (nodeName !== undefined && (topology[hostLabel] ?? "") === "") topology[hostLabel] = nodeName;
  if (Object.keys(topology).length > 0) endpoint["topology"] = topology;
}
