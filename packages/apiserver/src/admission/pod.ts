/** The parts of a Pod that plug-ins look at; more is there. */
export interface PodSpecFields {
  serviceAccountName?: string;
  serviceAccount?: string;
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name?: string }[];
  volumes?: { name: string; [source: string]: unknown }[];
  containers?: ContainerFields[];
  initContainers?: ContainerFields[];
  tolerations?: { key?: string; operator?: string; effect?: string; tolerationSeconds?: number }[];
  priorityClassName?: string;
  priority?: number;
  preemptionPolicy?: string;
  nodeName?: string;
  overhead?: Record<string, string>;
}

export interface ContainerFields {
  name: string;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
}

/** The spec of an object, made when it is missing. */
export function podSpecOf(object: { [field: string]: unknown }): PodSpecFields {
  return (object["spec"] ??= {}) as PodSpecFields;
}
