import { parseQuantity, quantityMilliValue, quantityValue } from "@coracle/apimachinery";
import type { Container, Pod } from "@coracle/api";
import type { ContainerConfig, Image, Mount, PodSandboxConfig } from "../runtime/runtime.ts";
import { ConfigError } from "./config-error.ts";
import { podDns, podFqdn, podHostname, type DnsContext } from "./dns.ts";
import { expandVariables } from "./expansion.ts";
import { containerAnnotations, containerLabels, sandboxLabels } from "./labels.ts";
import { isInitContainer, isSidecar, podLogDirectory, qosClassOf } from "./pod-spec.ts";

/** What the runtime needs to know to make a pod's sandbox. */
export function sandboxConfig(pod: Pod, attempt: number, context: DnsContext & { logDirectory: string }): PodSandboxConfig {
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  const { spec } = pod;
  const { securityContext = {}, hostNetwork = false, hostPID = false, hostIPC = false } = spec ?? {};
  const { runAsUser, runAsGroup, supplementalGroups, fsGroup, sysctls } = securityContext;
  const groups = [...(supplementalGroups ?? []), ...(fsGroup === undefined ? [] : [fsGroup])];
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []).filter(({ hostPort }) => (hostPort ?? 0) > 0);
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: hostNetwork
      ? ""
      : spec?.setHostnameAsFQDN === true
        ? (podFqdn(pod, context.clusterDomain) ?? podHostname(pod))
        : podHostname(pod),
    logDirectory: `${context.logDirectory}/${podLogDirectory(pod.metadata)}`,
    dnsConfig: podDns(pod, context),
    portMappings: hostNetwork
      ? []
      : ports.map(({ protocol, containerPort, hostPort = 0, hostIP }) => ({
          protocol: (protocol ?? "TCP") as "TCP" | "UDP" | "SCTP",
          containerPort,
          hostPort,
          ...(hostIP === undefined ? {} : { hostIP }),
        })),
    labels: sandboxLabels(pod),
    annotations: { ...pod.metadata.annotations },
    linux: {
      ...(sysctls === undefined ? {} : { sysctls: Object.fromEntries(sysctls.map((each) => [each.name, each.value])) }),
      hostNetwork,
      hostPid: hostPID,
      hostIpc: hostIPC,
      shareProcessNamespace: spec?.shareProcessNamespace === true,
      ...(runAsUser === undefined ? {} : { runAsUser }),
      ...(runAsGroup === undefined ? {} : { runAsGroup }),
      ...(groups.length === 0 ? {} : { supplementalGroups: groups }),
      privileged: (spec?.containers ?? []).some((container) => container.securityContext?.privileged === true),
    },
  };
}

export interface ContainerInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly restartCount: number;
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly image: Image | undefined;
}

/** What the runtime needs to know to make a container. @throws {ConfigError} when its security context cannot be kept. */
export function containerConfig(input: ContainerInput): ContainerConfig {
  const { pod, container, restartCount, environment, mounts } = input;
  const expand = (text: string): string => expandVariables(text, environment);
  const ends = pod.spec?.restartPolicy !== "Always" || (isInitContainer(pod, container.name) && !isSidecar(container));
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: container.image ?? "",
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    workingDir: container.workingDir ?? "",
    env: [...environment].map(([key, value]) => ({ key, value })),
    mounts,
    devices: [],
    labels: containerLabels(pod, container),
    annotations: { ...containerAnnotations(pod, container, restartCount), ...(ends ? { "simulated.coracle.dev/ends": "true" } : {}) },
    logPath: `${container.name}/${restartCount}.log`,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    linux: { resources: resourcesOf(pod, container), ...securityOf(input) },
  };
}

const cpuPeriod = 100_000;

function resourcesOf(pod: Pod, container: Container): ContainerConfig["linux"]["resources"] {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const limitMilli = limits.cpu === undefined ? undefined : quantityMilliValue(parseQuantity(limits.cpu));
  const requestMilli = requests.cpu === undefined ? (limitMilli ?? 0) : quantityMilliValue(parseQuantity(requests.cpu));
  const memory = limits.memory === undefined ? undefined : quantityValue(parseQuantity(limits.memory));
  const qos = qosClassOf(pod);
  return {
    cpuShares: Math.max(2, Math.floor((requestMilli * 1024) / 1000)),
    ...(limitMilli === undefined ? {} : { cpuPeriod, cpuQuota: Math.max(1000, (limitMilli * cpuPeriod) / 1000) }),
    ...(memory === undefined ? {} : { memoryLimitBytes: memory }),
    // Burstable containers would be scored by their share of memory; between the two ends any order is right that keeps them apart.
    oomScoreAdj: qos === "Guaranteed" ? -997 : qos === "BestEffort" ? 1000 : 999,
  };
}

function securityOf({ pod, container, image }: ContainerInput): Omit<ContainerConfig["linux"], "resources"> {
  const podContext = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const runAsUser = own.runAsUser ?? podContext.runAsUser ?? image?.uid;
  const runAsGroup = own.runAsGroup ?? podContext.runAsGroup;
  const profile = own.seccompProfile ?? podContext.seccompProfile;
  const groups = [...(podContext.supplementalGroups ?? []), ...(podContext.fsGroup === undefined ? [] : [podContext.fsGroup])];
  const username = runAsUser === undefined ? image?.username : undefined;
  if ((own.runAsNonRoot ?? podContext.runAsNonRoot) === true) checkNonRoot(pod, container, { runAsUser, username });
  return {
    privileged: own.privileged === true,
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(username === undefined || username === "" ? {} : { runAsUsername: username }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(groups.length === 0 ? {} : { supplementalGroups: groups }),
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    seccompProfile:
      profile?.type === "Localhost"
        ? { localhost: profile.localhostProfile ?? "" }
        : profile?.type === "RuntimeDefault"
          ? "RuntimeDefault"
          : "Unconfined",
    hostNetwork: pod.spec?.hostNetwork === true,
    hostPid: pod.spec?.hostPID === true,
    hostIpc: pod.spec?.hostIPC === true,
  };
}

function checkNonRoot(pod: Pod, container: Container, user: { runAsUser: number | undefined; username: string | undefined }): void {
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`;
  if (user.username !== undefined && user.username !== "") {
    throw new ConfigError(
      `container has runAsNonRoot and image has non-numeric user (${user.username}), cannot verify user is non-root ${where}`,
    );
  }
  if (user.runAsUser === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (user.runAsUser === undefined) throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}
