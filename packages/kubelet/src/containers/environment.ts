import type { Container, EnvVar, Pod, Service } from "@coracle/api";
import type { ObjectSource } from "../volumes/object-source.ts";
import { ConfigError } from "./config-error.ts";
import { fieldValue, resourceValue, type DownwardContext } from "./downward.ts";
import { expandVariables } from "./expansion.ts";

export interface EnvironmentContext extends DownwardContext {
  readonly objects: ObjectSource;
  /** Services of the pod's namespace, and `default/kubernetes`. */
  readonly services: readonly Service[];
}

/** The variables of a container: services', then `envFrom`, then `env`, later ones winning. @throws {ConfigError} */
export async function containerEnvironment(pod: Pod, container: Container, context: EnvironmentContext): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = configMapRef ?? secretRef;
    const data = await dataOf(pod, configMapRef === undefined ? "Secret" : "ConfigMap", reference, context);
    for (const [key, value] of Object.entries(data ?? {})) values.set(prefix + key, value);
  }
  const known = new Map([...serviceVariables(pod, context.services), ...values]);
  for (const variable of container.env ?? []) {
    const value = await variableValue(pod, container, variable, { context, known });
    if (value === undefined) continue;
    values.set(variable.name, value);
    known.set(variable.name, value);
  }
  for (const [name, value] of serviceVariables(pod, context.services)) if (!values.has(name)) values.set(name, value);
  return values;
}

async function variableValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  { context, known }: { context: EnvironmentContext; known: ReadonlyMap<string, string> },
): Promise<string | undefined> {
  const source = variable.valueFrom;
  if (source === undefined || source === null) return expandVariables(variable.value ?? "", known);
  if (source.fieldRef !== undefined) return fieldValue(pod, source.fieldRef.fieldPath, context);
  if (source.resourceFieldRef !== undefined) {
    const { containerName, resource, divisor } = source.resourceFieldRef;
    const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const target = all.find(({ name }) => name === containerName) ?? container;
    return resourceValue(target, resource, divisor as string | undefined, context);
  }
  const isConfigMap = source.configMapKeyRef !== undefined;
  const reference = source.configMapKeyRef ?? source.secretKeyRef;
  if (reference === undefined) return "";
  const kind = isConfigMap ? "ConfigMap" : "Secret";
  const value = (await dataOf(pod, kind, reference, context))?.[reference.key];
  if (value === undefined && reference.optional !== true) {
    throw new ConfigError(`couldn't find key ${reference.key} in ${kind} ${pod.metadata.namespace}/${reference.name}`);
  }
  return value;
}

async function dataOf(
  pod: Pod,
  kind: "ConfigMap" | "Secret",
  reference: { name?: string | undefined; optional?: boolean | undefined } | undefined,
  { objects }: EnvironmentContext,
): Promise<Record<string, string> | undefined> {
  const { name = "", optional = false } = reference ?? {};
  const { namespace = "" } = pod.metadata;
  if (kind === "ConfigMap") {
    const map = await objects.configMap(namespace, name);
    if (map === undefined && !optional) throw new ConfigError(`configmap "${name}" not found`);
    return map?.data ?? {};
  }
  const secret = await objects.secret(namespace, name);
  if (secret === undefined && !optional) throw new ConfigError(`secret "${name}" not found`);
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value as unknown as string, "base64").toString()]),
  );
}

/** `REDIS_SERVICE_HOST`, `REDIS_PORT_6379_TCP_ADDR` … as Docker links once were. */
export function serviceVariables(pod: Pod, services: readonly Service[]): Map<string, string> {
  const values = new Map<string, string>();
  const hasLinks = pod.spec?.enableServiceLinks !== false;
  for (const service of services) {
    const { clusterIP = "", ports = [] } = service.spec ?? {};
    if (clusterIP === "" || clusterIP === "None") continue;
    const isMaster = service.metadata.namespace === "default" && service.metadata.name === "kubernetes";
    if (!isMaster && (!hasLinks || service.metadata.namespace !== pod.metadata.namespace)) continue;
    const prefix = variableName(service.metadata.name ?? "");
    values.set(`${prefix}_SERVICE_HOST`, clusterIP);
    values.set(`${prefix}_SERVICE_PORT`, String(ports[0]?.port ?? 0));
    for (const port of ports) if (port.name) values.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
    ports.forEach((port, index) => {
      const protocol = (port.protocol ?? "TCP").toLowerCase();
      const host = clusterIP.includes(":") ? `[${clusterIP}]` : clusterIP;
      const url = `${protocol}://${host}:${port.port}`;
      const portPrefix = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
      if (index === 0) values.set(`${prefix}_PORT`, url);
      values.set(portPrefix, url);
      values.set(`${portPrefix}_PROTO`, protocol);
      values.set(`${portPrefix}_PORT`, String(port.port));
      values.set(`${portPrefix}_ADDR`, clusterIP);
    });
  }
  return values;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_").replaceAll(".", "_");
}
