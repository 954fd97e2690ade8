import type { Container, EphemeralContainer, PodSpec, Probe, Volume } from "../generated/types.ts";

/** Defaults that hold wherever a pod is described: in Pods and in templates. As kube-apiserver 1.36 sets them. */
export function applyPodSpecDefaults(spec: PodSpec): void {
  spec.restartPolicy ??= "Always";
  spec.dnsPolicy ??= "ClusterFirst";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  spec.schedulerName ??= "default-scheduler";
  // Two names of one field: the old one follows.
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  if (account !== undefined && account !== "") {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])])
    applyContainerDefaults(container, spec.hostNetwork === true);
  for (const container of spec.ephemeralContainers ?? []) applyContainerDefaults(container as EphemeralContainer & Container, false);
  for (const volume of spec.volumes ?? []) applyVolumeDefaults(volume);
}

/** Only Pods themselves have these; in templates they would hide what the template leaves open. */
export function applyPodDefaults(spec: PodSpec): void {
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const { limits } = container.resources ?? {};
    if (limits === undefined || container.resources === undefined) continue;
    const requests = { ...container.resources.requests };
    for (const [name, amount] of Object.entries(limits)) requests[name] ??= amount;
    container.resources.requests = requests;
  }
  applyPodSpecDefaults(spec);
}

function applyContainerDefaults(container: Container, usesHostNetwork: boolean): void {
  container.imagePullPolicy ??= isLatest(container.image ?? "") ? "Always" : "IfNotPresent";
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) {
    port.protocol ??= "TCP";
    if (usesHostNetwork) port.hostPort ??= port.containerPort;
  }
  for (const { valueFrom } of container.env ?? []) if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ??= "v1";
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    if (probe !== undefined) applyProbeDefaults(probe);
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (handler?.httpGet === undefined) continue;
    handler.httpGet.path ??= "/";
    handler.httpGet.scheme ??= "HTTP";
  }
}

function applyProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet !== undefined) {
    probe.httpGet.path ??= "/";
    probe.httpGet.scheme ??= "HTTP";
  }
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
}

function applyVolumeDefaults(volume: Volume): void {
  const { name: _name, ...sources } = volume;
  if (Object.values(sources).every((source) => source === undefined)) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= 0o644;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= 0o644;
  if (volume.downwardAPI !== undefined) volume.downwardAPI.defaultMode ??= 0o644;
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  const items = [
    ...(volume.downwardAPI?.items ?? []),
    ...(volume.projected?.sources ?? []).flatMap((source) => source.downwardAPI?.items ?? []),
  ];
  for (const item of items) if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= "v1";
  if (volume.projected === undefined) return;
  volume.projected.defaultMode ??= 0o644;
  for (const source of volume.projected.sources ?? [])
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
}

/** No tag, or the tag `latest`; a digest is as fixed as can be. */
function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const name = image.slice(image.lastIndexOf("/") + 1);
  return !name.includes(":") || name.endsWith(":latest");
}
