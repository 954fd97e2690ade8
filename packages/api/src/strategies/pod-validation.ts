import {
  cloneObject,
  configMapKeyErrors,
  deepEqual,
  dnsLabelErrors,
  dnsSubdomainErrors,
  duplicateField,
  envVarNameErrors,
  forbiddenField,
  indexPath,
  invalidField,
  isQuantity,
  compareQuantities,
  keyPath,
  notFoundField,
  parseQuantity,
  portNameErrors,
  portNumberErrors,
  qualifiedNameErrors,
  requiredField,
  unsupportedField,
  validateLabels,
  type FieldError,
} from "@coracle/apimachinery";
import type { Container, EnvVar, Pod, PodSpec, Probe, ResourceRequirements, Volume, VolumeMount } from "../generated/types.ts";

/** What is wrong with a pod's description, in upstream's words; `path` is where it stands. */
export function validatePodSpec(spec: Readonly<PodSpec>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name));
  errors.push(...validateVolumes(spec.volumes ?? [], `${path}.volumes`));
  if ((spec.containers ?? []).length === 0) errors.push(requiredField(`${path}.containers`));
  const names = new Set<string>();
  for (const [list, containers] of [
    ["initContainers", spec.initContainers ?? []],
    ["containers", spec.containers ?? []],
  ] as const) {
    for (const [index, container] of containers.entries()) {
      errors.push(
        ...validateContainer(container, indexPath(`${path}.${list}`, index), { names, volumes, isInit: list === "initContainers" }),
      );
    }
  }
  errors.push(...oneOf(spec.restartPolicy, ["Always", "OnFailure", "Never"], `${path}.restartPolicy`));
  errors.push(...oneOf(spec.dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], `${path}.dnsPolicy`));
  if (spec.nodeSelector !== undefined) errors.push(...validateLabels(spec.nodeSelector, `${path}.nodeSelector`));
  if ((spec.serviceAccountName ?? "") !== "")
    errors.push(...texts(dnsSubdomainErrors(spec.serviceAccountName ?? ""), `${path}.serviceAccountName`, spec.serviceAccountName));
  if ((spec.nodeName ?? "") !== "") errors.push(...texts(dnsSubdomainErrors(spec.nodeName ?? ""), `${path}.nodeName`, spec.nodeName));
  if ((spec.hostname ?? "") !== "") errors.push(...texts(dnsLabelErrors(spec.hostname ?? ""), `${path}.hostname`, spec.hostname));
  if ((spec.subdomain ?? "") !== "") errors.push(...texts(dnsLabelErrors(spec.subdomain ?? ""), `${path}.subdomain`, spec.subdomain));
  if (spec.activeDeadlineSeconds !== undefined && (spec.activeDeadlineSeconds < 1 || spec.activeDeadlineSeconds > 2 ** 31 - 1)) {
    errors.push(invalidField(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, "must be between 1 and 2147483647, inclusive"));
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    errors.push(atLeast(`${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, 0));
  errors.push(...validateTolerations(spec, path), ...validateNodeAffinity(spec, path));
  return errors;
}

function validateVolumes(volumes: readonly Volume[], path: string): FieldError[] {
  const names = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = indexPath(path, index);
    const errors: FieldError[] = [];
    if (volume.name === "") errors.push(requiredField(`${at}.name`));
    else errors.push(...texts(dnsLabelErrors(volume.name), `${at}.name`, volume.name));
    if (names.has(volume.name)) errors.push(duplicateField(`${at}.name`, volume.name));
    names.add(volume.name);
    const sources = Object.entries(volume).filter(([name, source]) => name !== "name" && source !== undefined && source !== null);
    if (sources.length === 0) errors.push(requiredField(at, "must specify a volume type"));
    for (const [name] of sources.slice(1)) errors.push(forbiddenField(`${at}.${name}`, "may not specify more than 1 volume type"));
    if (volume.persistentVolumeClaim?.claimName === "") errors.push(requiredField(`${at}.persistentVolumeClaim.claimName`));
    if (volume.hostPath?.path === "") errors.push(requiredField(`${at}.hostPath.path`));
    if (volume.hostPath !== undefined && volume.hostPath.path.split("/").includes(".."))
      errors.push(invalidField(`${at}.hostPath.path`, volume.hostPath.path, "must not contain '..'"));
    if (volume.configMap !== undefined && (volume.configMap.name ?? "") === "") errors.push(requiredField(`${at}.configMap.name`));
    if (volume.secret !== undefined && (volume.secret.secretName ?? "") === "") errors.push(requiredField(`${at}.secret.secretName`));
    return errors;
  });
}

interface ContainerContext {
  /** Names taken so far; container names are one space. */
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
  readonly isInit: boolean;
}

function validateContainer(container: Readonly<Container>, path: string, { names, volumes, isInit }: ContainerContext): FieldError[] {
  const errors: FieldError[] = [];
  if (container.name === "" || container.name === undefined) errors.push(requiredField(`${path}.name`));
  else errors.push(...texts(dnsLabelErrors(container.name), `${path}.name`, container.name));
  if (names.has(container.name)) errors.push(duplicateField(`${path}.name`, container.name));
  names.add(container.name);
  if ((container.image ?? "") === "") errors.push(requiredField(`${path}.image`));
  else if (container.image?.trim() !== container.image)
    errors.push(invalidField(`${path}.image`, container.image, "must not have leading or trailing whitespace"));
  errors.push(...oneOf(container.imagePullPolicy, ["Always", "IfNotPresent", "Never"], `${path}.imagePullPolicy`));
  errors.push(...oneOf(container.terminationMessagePolicy, ["FallbackToLogsOnError", "File"], `${path}.terminationMessagePolicy`));
  errors.push(...validatePorts(container, path));
  for (const [index, variable] of (container.env ?? []).entries()) errors.push(...validateEnv(variable, indexPath(`${path}.env`, index)));
  errors.push(...validateMounts(container.volumeMounts ?? [], `${path}.volumeMounts`, volumes));
  errors.push(...validateResources(container.resources ?? {}, `${path}.resources`));
  const isPlainInit = isInit && container.restartPolicy !== "Always";
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[name];
    if (probe === undefined) continue;
    if (isPlainInit) errors.push(forbiddenField(`${path}.${name}`, "may not be set for init containers without restartPolicy=Always"));
    else errors.push(...validateProbe(probe, `${path}.${name}`, name !== "readinessProbe"));
  }
  if (isPlainInit && container.lifecycle !== undefined)
    errors.push(forbiddenField(`${path}.lifecycle`, "may not be set for init containers without restartPolicy=Always"));
  return errors;
}

function validatePorts(container: Readonly<Container>, path: string): FieldError[] {
  const names = new Set<string>();
  return (container.ports ?? []).flatMap((port, index) => {
    const at = indexPath(`${path}.ports`, index);
    const errors: FieldError[] = [];
    const { name = "" } = port;
    if (name !== "") {
      errors.push(...texts(portNameErrors(name), `${at}.name`, name));
      if (names.has(name)) errors.push(duplicateField(`${at}.name`, name));
      names.add(name);
    }
    if (port.containerPort === 0 || port.containerPort === undefined) errors.push(requiredField(`${at}.containerPort`));
    else errors.push(...texts(portNumberErrors(port.containerPort), `${at}.containerPort`, port.containerPort));
    if ((port.hostPort ?? 0) !== 0) errors.push(...texts(portNumberErrors(port.hostPort ?? 0), `${at}.hostPort`, port.hostPort));
    errors.push(...oneOf(port.protocol, ["SCTP", "TCP", "UDP"], `${at}.protocol`));
    return errors;
  });
}

function validateEnv(variable: Readonly<EnvVar>, path: string): FieldError[] {
  if (variable.name === "") return [requiredField(`${path}.name`)];
  const errors = texts(envVarNameErrors(variable.name), `${path}.name`, variable.name);
  const { valueFrom } = variable;
  if (valueFrom === undefined) return errors;
  const sources = Object.entries(valueFrom).filter(([, source]) => source !== undefined);
  if (sources.length === 0)
    errors.push(
      invalidField(
        `${path}.valueFrom`,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
      ),
    );
  else if ((variable.value ?? "") !== "")
    errors.push(invalidField(`${path}.valueFrom`, "", "may not be specified when `value` is not empty"));
  if (sources.length > 1) errors.push(invalidField(`${path}.valueFrom`, "", "may not have more than one field specified at a time"));
  for (const name of ["configMapKeyRef", "secretKeyRef"] as const) {
    const reference = valueFrom[name];
    if (reference === undefined) continue;
    if ((reference.name ?? "") === "") errors.push(requiredField(`${path}.valueFrom.${name}.name`));
    if (reference.key === "") errors.push(requiredField(`${path}.valueFrom.${name}.key`));
    else errors.push(...texts(configMapKeyErrors(reference.key), `${path}.valueFrom.${name}.key`, reference.key));
  }
  return errors;
}

function validateMounts(mounts: readonly VolumeMount[], path: string, volumes: ReadonlySet<string>): FieldError[] {
  const paths = new Set<string>();
  return mounts.flatMap((mount, index) => {
    const at = indexPath(path, index);
    const errors: FieldError[] = [];
    if (mount.name === "") errors.push(requiredField(`${at}.name`));
    else if (!volumes.has(mount.name)) errors.push(notFoundField(`${at}.name`, mount.name));
    if (mount.mountPath === "") errors.push(requiredField(`${at}.mountPath`));
    if (paths.has(mount.mountPath)) errors.push(invalidField(`${at}.mountPath`, mount.mountPath, "must be unique"));
    paths.add(mount.mountPath);
    if ((mount.subPath ?? "").startsWith("/")) errors.push(invalidField(`${at}.subPath`, mount.subPath, "must be a relative path"));
    if ((mount.subPath ?? "").split("/").includes("..")) errors.push(invalidField(`${at}.subPath`, mount.subPath, "must not contain '..'"));
    return errors;
  });
}

/** Requests and limits: names, amounts, and no request above its limit. */
export function validateResources(resources: Readonly<ResourceRequirements>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ["limits", "requests"] as const) {
    for (const [name, amount] of Object.entries(resources[list] ?? {})) {
      const at = keyPath(`${path}.${list}`, name);
      errors.push(...texts(qualifiedNameErrors(name), at, name));
      if (isQuantity(String(amount)) && compareQuantities(parseQuantity(String(amount)), parseQuantity("0")) < 0) {
        errors.push(invalidField(at, String(amount), "must be greater than or equal to 0"));
      }
      const limit = list === "requests" ? resources.limits?.[name] : undefined;
      if (limit !== undefined && compareQuantities(parseQuantity(String(amount)), parseQuantity(String(limit))) > 0) {
        errors.push(invalidField(`${path}.requests`, String(amount), `must be less than or equal to ${name} limit of ${limit}`));
      }
    }
  }
  return errors;
}

function validateProbe(probe: Readonly<Probe>, path: string, needsOneSuccess: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const handlers = [probe.exec, probe.httpGet, probe.tcpSocket, probe.grpc].filter((handler) => handler !== undefined);
  if (handlers.length === 0) errors.push(requiredField(path, "must specify a handler type"));
  if (probe.exec !== undefined && (probe.exec.command ?? []).length === 0) errors.push(requiredField(`${path}.exec.command`));
  if (handlers.length > 1) errors.push(forbiddenField(path, "may not specify more than 1 handler type"));
  for (const name of ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] as const) {
    if ((probe[name] ?? 0) < 0) errors.push(atLeast(`${path}.${name}`, probe[name], 0));
  }
  if (needsOneSuccess && (probe.successThreshold ?? 1) !== 1)
    errors.push(invalidField(`${path}.successThreshold`, probe.successThreshold, "must be 1"));
  return errors;
}

function validateTolerations(spec: Readonly<PodSpec>, path: string): FieldError[] {
  return (spec.tolerations ?? []).flatMap((toleration, index) => {
    const at = indexPath(`${path}.tolerations`, index);
    const errors: FieldError[] = [];
    if ((toleration.key ?? "") !== "") errors.push(...texts(qualifiedNameErrors(toleration.key ?? ""), `${at}.key`, toleration.key));
    else if (toleration.operator !== "Exists")
      errors.push(
        invalidField(
          `${at}.operator`,
          toleration.operator ?? "",
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (toleration.operator === "Exists" && (toleration.value ?? "") !== "")
      errors.push(invalidField(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== "NoExecute")
      errors.push(invalidField(`${at}.effect`, toleration.effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    return errors;
  });
}

function validateNodeAffinity(spec: Readonly<PodSpec>, path: string): FieldError[] {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return [];
  const at = `${path}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  if ((required.nodeSelectorTerms ?? []).length === 0) return [requiredField(at, "must have at least one node selector term")];
  return required.nodeSelectorTerms.flatMap((term, index) =>
    (term.matchExpressions ?? []).flatMap((requirement, position) => {
      const here = `${indexPath(at, index)}.${indexPath("matchExpressions", position)}`;
      const needsValues = requirement.operator === "In" || requirement.operator === "NotIn";
      if (needsValues && (requirement.values ?? []).length === 0)
        return [requiredField(`${here}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
      return [];
    }),
  );
}

/** Fields of a running pod that may change; everything else is fixed. */
export function validatePodUpdate(pod: Readonly<Pod>, old: Readonly<Pod>): FieldError[] {
  const before = mutablePart(old, pod);
  if (pod.spec === undefined || deepEqual(mutablePart(pod, pod), before)) return [];
  const allowed =
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  return [forbiddenField("spec", `pod updates may not change fields other than ${allowed}`)];
}

/** The spec with what may differ taken from `like`. */
function mutablePart(pod: Readonly<Pod>, like: Readonly<Pod>): unknown {
  const spec: PodSpec = cloneObject(pod.spec ?? { containers: [] });
  for (const list of ["containers", "initContainers"] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) container.image = like.spec?.[list]?.[index]?.image;
  }
  const hasAll = (pod.spec?.tolerations ?? []).every((toleration) =>
    (like.spec?.tolerations ?? []).some((other) => deepEqual(toleration, other)),
  );
  if (hasAll) delete spec.tolerations;
  delete spec.activeDeadlineSeconds;
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    // A gated pod is not scheduled yet: where it may run can still be narrowed.
    delete spec.nodeSelector;
    delete spec.affinity;
  }
  delete spec.schedulingGates;
  return spec;
}

export function texts(messages: readonly string[], field: string, value: unknown): FieldError[] {
  return messages.map((message) => invalidField(field, value, message));
}

export function oneOf(value: string | undefined, supported: readonly string[], field: string): FieldError[] {
  if (value === undefined || value === "") return [requiredField(field)];
  return supported.includes(value) ? [] : [unsupportedField(field, value, supported)];
}

export function atLeast(field: string, value: unknown, least: number): FieldError {
  return invalidField(field, value, `must be greater than or equal to ${least}`);
}
