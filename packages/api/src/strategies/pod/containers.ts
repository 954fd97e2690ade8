import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { Container, ContainerPort, EphemeralContainer } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import type { PodContext } from "./context.ts";
import { validateEnv, validateEnvFrom } from "./env.ts";
import { validateDevices, validateMounts } from "./mounts.ts";
import { validateLifecycle, validateProbes } from "./probes.ts";
import { validateResources } from "./resource-requirements.ts";
import { validateResizePolicies, validateRestartPolicy } from "./restart-rules.ts";
import { validateSecurityContext } from "./security-context.ts";

const pullPolicies = enumOf("core/v1.PullPolicy");
const protocols = enumOf("core/v1.Protocol");
// In upstream's order, which is not that of the alphabet.
const messagePolicies = supportedValues("File", "FallbackToLogsOnError");

export function validateContainers(containers: readonly Container[], at: string, pod: PodContext): void {
  const { out } = pod;
  if (containers.length === 0) return out.required(at);
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const here = `${at}[${index}]`;
    validateCommon(container, here, pod);
    if (names.has(container.name)) out.duplicate(`${here}.name`, container.name);
    names.add(container.name);
    if (container.lifecycle !== undefined) validateLifecycle(container.lifecycle, `${here}.lifecycle`, pod);
    validateProbes(container, here, pod);
    validateRestartPolicy(container, here, out);
  }
  validateHostPorts(containers, at, out);
}

export function validateInitContainers(containers: readonly Container[], at: string, pod: PodContext): void {
  const { out } = pod;
  const names = new Set((pod.spec.containers ?? []).map(({ name }) => name));
  for (const [index, container] of containers.entries()) {
    const here = `${at}[${index}]`;
    validateCommon(container, here, pod);
    validateRestartPolicy(container, here, out);
    if (names.has(container.name)) out.duplicate(`${here}.name`, container.name);
    else if (container.name) names.add(container.name);
    // Upstream counts the one container as the first.
    validateHostPorts([container], at, out);
    if (container.restartPolicy === "Always") {
      if (container.lifecycle !== undefined) validateLifecycle(container.lifecycle, `${here}.lifecycle`, pod);
      validateProbes(container, here, pod);
    } else {
      for (const name of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const)
        if (container[name] !== undefined)
          out.forbidden(`${here}.${name}`, "may not be set for init containers without restartPolicy=Always");
      validateNoRestartOnResize(container, here, pod);
    }
  }
}

function validateNoRestartOnResize({ resizePolicy = [] }: Readonly<Container>, at: string, { out, allow }: PodContext): void {
  for (const [index, { restartPolicy }] of resizePolicy.entries()) {
    if (restartPolicy !== "RestartContainer" || allow.restartingInitContainers()) continue;
    const text = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    out.invalid(`${at}.resizePolicy[${index}].restartPolicy`, restartPolicy, text);
  }
}

const notForEphemeral = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

export function validateEphemeralContainers(containers: readonly EphemeralContainer[], at: string, pod: PodContext): void {
  const { out, spec } = pod;
  if (containers.length === 0) return;
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name));
  const names = new Set(others);
  for (const [index, container] of containers.entries()) {
    const here = `${at}[${index}]`;
    validateCommon(container as Container, here, pod);
    validateImageText(container as Container, here, out);
    if (names.has(container.name)) out.duplicate(`${here}.name`, container.name);
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) out.notFound(`${here}.targetContainerName`, target);
    for (const field of notForEphemeral) {
      const value = container[field];
      if (value !== undefined && Object.keys(Object(value) as object).length > 0)
        out.forbidden(`${here}.${field}`, "cannot be set for an Ephemeral Container");
    }
    for (const [position, mount] of (container.volumeMounts ?? []).entries()) {
      for (const field of ["subPath", "subPathExpr"] as const)
        if (mount[field]) out.forbidden(`${here}.volumeMounts[${position}].${field}`, "cannot be set for an Ephemeral Container");
    }
  }
}

function validateCommon(container: Readonly<Container>, at: string, pod: PodContext): void {
  const { out } = pod;
  if (out.present(container.name, `${at}.name`)) out.label(container.name, `${at}.name`);
  out.present(container.image, `${at}.image`);
  out.requiredOneOf(container.terminationMessagePolicy, messagePolicies, `${at}.terminationMessagePolicy`);
  if (container.ports !== undefined) validatePorts(container.ports, `${at}.ports`, out);
  if (container.env !== undefined) validateEnv(container.env, `${at}.env`, out);
  if (container.envFrom !== undefined) validateEnvFrom(container.envFrom, `${at}.envFrom`, out);
  if (container.volumeMounts !== undefined) validateMounts(container, `${at}.volumeMounts`, pod);
  if (container.volumeDevices !== undefined) validateDevices(container, `${at}.volumeDevices`, pod);
  out.requiredOneOf(container.imagePullPolicy, pullPolicies, `${at}.imagePullPolicy`);
  if (container.resources !== undefined) validateResources(container.resources, `${at}.resources`, pod);
  if (container.resizePolicy !== undefined)
    validateResizePolicies(container.resizePolicy, `${at}.resizePolicy`, out, pod.spec.restartPolicy);
  if (container.securityContext !== undefined) validateSecurityContext(container.securityContext, `${at}.securityContext`, pod);
}

function validatePorts(ports: readonly ContainerPort[], at: string, out: Findings): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const here = `${at}[${index}]`;
    if (port.name) {
      const before = out.errors.length;
      out.portNumberOrName(port.name, `${here}.name`);
      if (out.errors.length === before && names.has(port.name)) out.duplicate(`${here}.name`, port.name);
      names.add(port.name);
    }
    if (!port.containerPort) out.required(`${here}.containerPort`);
    else out.portNumber(port.containerPort, `${here}.containerPort`);
    if (port.hostPort) out.portNumber(port.hostPort, `${here}.hostPort`);
    out.requiredOneOf(port.protocol, protocols, `${here}.protocol`);
  }
}

/** A port of the host goes to one container. */
function validateHostPorts(containers: readonly Container[], at: string, out: Findings): void {
  let taken: Set<string> | undefined;
  for (const [index, { ports = [] }] of containers.entries()) {
    for (const [position, { hostPort, hostIP = "", protocol }] of ports.entries()) {
      if (!hostPort) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      taken ??= new Set();
      if (taken.has(key)) out.duplicate(`${at}[${index}].ports[${position}].hostPort`, key);
      taken.add(key);
    }
  }
}

/** Templates may leave the image to others, Pods may not; spaces are a mistake in Pods only. */
export function validateImageText({ image = "" }: Readonly<Container>, at: string, out: Findings): void {
  if (image.trim().length !== image.length) out.invalid(`${at}.image`, image, "must not have leading or trailing whitespace");
}
