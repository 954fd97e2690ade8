import {
  configMapKeyErrors,
  deepEqual,
  dnsLabelErrors,
  dns1035LabelErrors,
  duplicateField,
  forbiddenField,
  indexPath,
  invalidField,
  ipErrors,
  keyPath,
  nameRule,
  portNumberErrors,
  requiredField,
  tooLongField,
  unsupportedField,
  validateImmutable,
  type FieldError,
  type ResourceStrategy,
} from "@coracle/apimachinery";
import type { ConfigMap, Namespace, PersistentVolume, PersistentVolumeClaim, Secret, Service, ServicePort } from "../generated/types.ts";
import { statusStrategy } from "../builtin/object-strategy.ts";
import { strategyOf } from "./hooks.ts";
import { oneOf, texts } from "./pod-validation.ts";

const maxDataBytes = 1024 * 1024;

const namespaces = strategyOf<Namespace>({
  prepareCreate(namespace) {
    namespace.spec = { ...namespace.spec, finalizers: ["kubernetes"] };
    namespace.status = { phase: "Active" };
    labelWithName(namespace);
  },
  prepareUpdate(namespace, old, { subresource }) {
    labelWithName(namespace);
    // Only the subresource `finalize` may change what holds the namespace.
    if (subresource !== "finalize") namespace.spec = { ...namespace.spec, ...old.spec };
    if (namespace.metadata.deletionTimestamp !== undefined) namespace.status = { ...namespace.status, phase: "Terminating" };
  },
  more: { validateName: nameRule(dnsLabelErrors) },
});

function labelWithName(namespace: Namespace): void {
  const { name } = namespace.metadata;
  if (name !== undefined && name !== "") namespace.metadata.labels = { ...namespace.metadata.labels, "kubernetes.io/metadata.name": name };
}

/** A node agent registers itself with its status. */
const nodes: ResourceStrategy = {
  ...statusStrategy,
  prepareForCreate: (object) => void (object.metadata.generation = 1),
};

const configMaps = strategyOf<ConfigMap>({
  hasStatus: false,
  validate(map) {
    const keys = [
      ...Object.keys(map.data ?? {}).map((key) => ["data", key] as const),
      ...Object.keys(map.binaryData ?? {}).map((key) => ["binaryData", key] as const),
    ];
    const errors = keys.flatMap(([field, key]) => texts(configMapKeyErrors(key), keyPath(field, key), key));
    for (const key of Object.keys(map.binaryData ?? {}))
      if (map.data?.[key] !== undefined) errors.push(duplicateField(keyPath("data", key), key));
    const size = [...Object.values(map.data ?? {}), ...Object.values(map.binaryData ?? {})].reduce((sum, value) => sum + value.length, 0);
    return size > maxDataBytes ? [...errors, tooLongField("", maxDataBytes)] : errors;
  },
  validateUpdate: (map, old) => validateFrozen(map, old, ["data", "binaryData"]),
});

const secrets = strategyOf<Secret>({
  hasStatus: false,
  defaults(secret) {
    secret.type = secret.type || "Opaque";
    if (secret.stringData === undefined) return;
    const encoded = Object.fromEntries(Object.entries(secret.stringData).map(([key, text]) => [key, encodeBase64(text)]));
    secret.data = { ...secret.data, ...encoded };
    delete secret.stringData;
  },
  validate(secret) {
    const errors = Object.keys(secret.data ?? {}).flatMap((key) => texts(configMapKeyErrors(key), keyPath("data", key), key));
    const size = Object.values(secret.data ?? {}).reduce((sum, value) => sum + Math.floor((value.length * 3) / 4), 0);
    if (size > maxDataBytes) errors.push(tooLongField("data", maxDataBytes));
    for (const key of requiredSecretKeys[secret.type ?? ""] ?? [])
      if (secret.data?.[key] === undefined) errors.push(requiredField(keyPath("data", key)));
    return errors;
  },
  validateUpdate: (secret, old) => [...validateImmutable(secret.type, old.type, "type"), ...validateFrozen(secret, old, ["data"])],
});

const requiredSecretKeys: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

function encodeBase64(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** `immutable: true` freezes the data, and itself. */
function validateFrozen<T extends { immutable?: boolean | undefined }>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (old.immutable !== true) return [];
  const text = "field is immutable when `immutable` is set";
  const errors = object.immutable === true ? [] : [forbiddenField("immutable", text)];
  return [...errors, ...fields.filter((field) => !deepEqual(object[field], old[field])).map((field) => forbiddenField(field, text))];
}

const services = strategyOf<Service>({
  defaults(service) {
    const spec = (service.spec ??= {});
    spec.type ??= "ClusterIP";
    spec.sessionAffinity ??= "None";
    if (spec.sessionAffinity === "ClientIP") {
      spec.sessionAffinityConfig ??= {};
      spec.sessionAffinityConfig.clientIP ??= {};
      spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
    } else delete spec.sessionAffinityConfig;
    for (const port of spec.ports ?? []) {
      port.protocol ??= "TCP";
      if (port.targetPort === undefined || port.targetPort === "" || port.targetPort === 0) port.targetPort = port.port;
    }
    const isExternal = spec.type === "NodePort" || spec.type === "LoadBalancer";
    if (isExternal || (spec.externalIPs ?? []).length > 0) spec.externalTrafficPolicy ??= "Cluster";
    else delete spec.externalTrafficPolicy;
    if (spec.type !== "ExternalName") spec.internalTrafficPolicy ??= "Cluster";
    if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
    else delete spec.allocateLoadBalancerNodePorts;
  },
  prepareCreate: (service) => void (service.status = { loadBalancer: {} }),
  validate: validateService,
  validateUpdate(service, old) {
    const hadAddress = (old.spec?.clusterIP ?? "") !== "" && old.spec?.type !== "ExternalName" && service.spec?.type !== "ExternalName";
    return hadAddress && service.spec?.clusterIP !== old.spec?.clusterIP
      ? [invalidField("spec.clusterIPs[0]", [service.spec?.clusterIP ?? ""], "may not change once set")]
      : [];
  },
  more: { validateName: nameRule(dns1035LabelErrors) },
});

function validateService(service: Readonly<Service>): FieldError[] {
  const spec = service.spec ?? {};
  const errors = oneOf(spec.type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], "spec.type");
  const isHeadless = spec.clusterIP === "None";
  if ((spec.ports ?? []).length === 0 && !isHeadless && spec.type !== "ExternalName") errors.push(requiredField("spec.ports"));
  if (spec.type === "ExternalName" && (spec.externalName ?? "") === "") errors.push(requiredField("spec.externalName"));
  if (isHeadless && (spec.type === "NodePort" || spec.type === "LoadBalancer"))
    errors.push(invalidField("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`));
  if ((spec.clusterIP ?? "") !== "" && !isHeadless)
    errors.push(...texts(ipErrors(spec.clusterIP ?? ""), "spec.clusterIPs[0]", spec.clusterIP));
  errors.push(...oneOf(spec.sessionAffinity, ["ClientIP", "None"], "spec.sessionAffinity"), ...validateServicePorts(spec.ports ?? []));
  return errors;
}

function validateServicePorts(ports: readonly ServicePort[]): FieldError[] {
  const names = new Set<string>();
  const numbers = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = indexPath("spec.ports", index);
    const errors: FieldError[] = [];
    const { name = "" } = port;
    if (name === "" && ports.length > 1) errors.push(requiredField(`${at}.name`));
    if (name !== "") {
      errors.push(...texts(dnsLabelErrors(name), `${at}.name`, name));
      if (names.has(name)) errors.push(duplicateField(`${at}.name`, name));
      names.add(name);
    }
    errors.push(...texts(portNumberErrors(port.port), `${at}.port`, port.port));
    if (typeof port.targetPort === "number") errors.push(...texts(portNumberErrors(port.targetPort), `${at}.targetPort`, port.targetPort));
    if (!["SCTP", "TCP", "UDP"].includes(port.protocol ?? ""))
      errors.push(unsupportedField(`${at}.protocol`, port.protocol ?? "", ["SCTP", "TCP", "UDP"]));
    const key = `${port.protocol}/${port.port}`;
    if (numbers.has(key)) errors.push(duplicateField(at, { port: port.port, protocol: port.protocol }));
    numbers.add(key);
    return errors;
  });
}

const claims = strategyOf<PersistentVolumeClaim>({
  defaults: (claim) => void (claim.spec !== undefined && (claim.spec.volumeMode ??= "Filesystem")),
  prepareCreate: (claim) => void (claim.status = { phase: "Pending" }),
  validate(claim) {
    const errors: FieldError[] = [];
    const modes = claim.spec?.accessModes ?? [];
    if (modes.length === 0) errors.push(requiredField("spec.accessModes", "at least 1 access mode is required"));
    errors.push(...validateAccessModes(modes));
    if (claim.spec?.resources?.requests?.["storage"] === undefined) errors.push(requiredField("spec.resources[storage]"));
    return errors;
  },
  validateUpdate(claim, old) {
    const part = ({ spec }: Readonly<PersistentVolumeClaim>): unknown => ({
      ...spec,
      resources: undefined,
      volumeAttributesClassName: undefined,
      volumeName: old.spec?.volumeName === undefined ? undefined : spec?.volumeName,
    });
    if (deepEqual(part(claim), part(old))) return [];
    return [
      forbiddenField("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"),
    ];
  },
});

const volumes = strategyOf<PersistentVolume>({
  defaults(volume) {
    if (volume.spec === undefined) return;
    volume.spec.persistentVolumeReclaimPolicy ??= "Retain";
    volume.spec.volumeMode ??= "Filesystem";
    if (volume.spec.hostPath !== undefined) volume.spec.hostPath.type ??= "";
  },
  prepareCreate: (volume) => void (volume.status = { phase: "Pending" }),
  validate(volume) {
    const errors = validateAccessModes(volume.spec?.accessModes ?? []);
    if ((volume.spec?.accessModes ?? []).length === 0) errors.push(requiredField("spec.accessModes"));
    if (volume.spec?.capacity?.["storage"] === undefined) errors.push(requiredField("spec.capacity"));
    return errors;
  },
});

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

function validateAccessModes(modes: readonly string[]): FieldError[] {
  return modes.filter((mode) => !accessModes.includes(mode)).map((mode) => unsupportedField("spec.accessModes", mode, accessModes));
}

export const coreStrategies: Readonly<Record<string, ResourceStrategy>> = {
  namespaces,
  nodes,
  configmaps: configMaps,
  secrets,
  services,
  persistentvolumeclaims: claims,
  persistentvolumes: volumes,
};
