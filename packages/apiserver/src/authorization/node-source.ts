import type { KubeObject, ResourceType } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";

interface Named {
  readonly name?: string;
}

/** What a pod's volume may refer to. */
interface VolumeSource {
  readonly secret?: { readonly secretName?: string };
  readonly configMap?: Named;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly ephemeral?: object;
  readonly projected?: { readonly sources?: readonly { readonly secret?: Named; readonly configMap?: Named }[] };
  readonly csi?: { readonly nodePublishSecretRef?: Named };
}

interface ContainerReferences {
  readonly envFrom?: readonly { readonly secretRef?: Named; readonly configMapRef?: Named }[];
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: Named; readonly configMapKeyRef?: Named } }[];
}

/** The fields of pods that decide what their node may read. */
export interface PodReferences extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly imagePullSecrets?: readonly Named[];
    readonly volumes?: readonly ({ readonly name: string } & VolumeSource)[];
    readonly containers?: readonly ContainerReferences[];
    readonly initContainers?: readonly ContainerReferences[];
    readonly ephemeralContainers?: readonly ContainerReferences[];
  };
}

export interface ClaimReferences extends KubeObject {
  readonly spec?: { readonly volumeName?: string };
}

/** The objects that tie others to nodes. */
export interface NodeSource {
  readonly pods: Informer<PodReferences>;
  readonly claims: Informer<ClaimReferences>;
}

export const podReferencesType: ResourceType<PodReferences> = core("pods", "Pod");
export const claimReferencesType: ResourceType<ClaimReferences> = core("persistentvolumeclaims", "PersistentVolumeClaim");

function core<T extends KubeObject>(resource: string, kind: string): ResourceType<T> {
  return { group: "", version: "v1", resource, kind, isNamespaced: true };
}

const nodeIndex = "authorization/node";

/** Pods bound to a node. */
export function podsOf(source: NodeSource, nodeName: string): readonly PodReferences[] {
  source.pods.addIndex(nodeIndex, (pod) => (pod.spec?.nodeName === undefined ? [] : [pod.spec.nodeName]));
  return source.pods.byIndex(nodeIndex, nodeName);
}

export function podUsesSecret(pod: PodReferences, name: string): boolean {
  const { spec = {} } = pod;
  return (
    (spec.imagePullSecrets ?? []).some((each) => each.name === name) ||
    (spec.volumes ?? []).some(
      (volume) =>
        volume.secret?.secretName === name ||
        volume.csi?.nodePublishSecretRef?.name === name ||
        (volume.projected?.sources ?? []).some((each) => each.secret?.name === name),
    ) ||
    containersOf(pod).some(
      ({ env = [], envFrom = [] }) =>
        envFrom.some((each) => each.secretRef?.name === name) || env.some((each) => each.valueFrom?.secretKeyRef?.name === name),
    )
  );
}

export function podUsesConfigMap(pod: PodReferences, name: string): boolean {
  return (
    (pod.spec?.volumes ?? []).some(
      (volume) => volume.configMap?.name === name || (volume.projected?.sources ?? []).some((each) => each.configMap?.name === name),
    ) ||
    containersOf(pod).some(
      ({ env = [], envFrom = [] }) =>
        envFrom.some((each) => each.configMapRef?.name === name) || env.some((each) => each.valueFrom?.configMapKeyRef?.name === name),
    )
  );
}

/** The claims of a pod, those made for its ephemeral volumes too. */
export function claimsOf(pod: PodReferences): string[] {
  const names: string[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.persistentVolumeClaim !== undefined) names.push(volume.persistentVolumeClaim.claimName);
    else if (volume.ephemeral !== undefined) names.push(`${pod.metadata.name ?? ""}-${volume.name}`);
  }
  return names;
}

function containersOf(pod: PodReferences): ContainerReferences[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [...containers, ...initContainers, ...ephemeralContainers];
}
