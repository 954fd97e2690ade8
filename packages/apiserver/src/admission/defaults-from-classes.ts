import { compareQuantities, newForbidden, parseQuantity, type UnstructuredObject } from "@coracle/apimachinery";
import { isAbout, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";

interface ClaimSpec {
  storageClassName?: string;
  resources?: { requests?: Record<string, string> };
}

const oldClassAnnotation = "volume.beta.kubernetes.io/storage-class";

/** Claims that name no class get the default one. */
export const defaultStorageClass: AdmissionPlugin = {
  name: "DefaultStorageClass",
  handles: (attributes) => isAbout(attributes, "persistentvolumeclaims", "CREATE"),
  mutate(attributes, environment) {
    const object = attributes.object as UnstructuredObject;
    const spec = (object["spec"] ??= {}) as ClaimSpec;
    if (spec.storageClassName !== undefined || object.metadata.annotations?.[oldClassAnnotation] !== undefined) return;
    const name = defaultClass(environment, "storageclasses.storage.k8s.io", [
      "storageclass.kubernetes.io/is-default-class",
      "storageclass.beta.kubernetes.io/is-default-class",
    ]);
    if (name !== undefined) spec.storageClassName = name;
  },
};

/** Ingresses that name no class get the default one. */
export const defaultIngressClass: AdmissionPlugin = {
  name: "DefaultIngressClass",
  handles: (attributes) => isAbout(attributes, "ingresses.networking.k8s.io", "CREATE"),
  mutate(attributes, environment) {
    const object = attributes.object as UnstructuredObject;
    const spec = (object["spec"] ??= {}) as { ingressClassName?: string };
    if (spec.ingressClassName !== undefined || object.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined) return;
    const name = defaultClass(environment, "ingressclasses.networking.k8s.io", ["ingressclass.kubernetes.io/is-default-class"]);
    if (name !== undefined) spec.ingressClassName = name;
  },
};

/** The newest of the classes marked as default; of equally new ones the first by name. */
function defaultClass(environment: AdmissionEnvironment, resource: string, annotations: readonly string[]): string | undefined {
  const marked = environment
    .list(resource, "")
    .filter(({ metadata }) => annotations.some((annotation) => metadata.annotations?.[annotation] === "true"));
  let best: Readonly<UnstructuredObject> | undefined;
  for (const each of marked) {
    const isNewer = (each.metadata.creationTimestamp ?? "") > (best?.metadata.creationTimestamp ?? "");
    if (best === undefined || isNewer) best = each;
  }
  return best?.metadata.name;
}

const protections: Readonly<Record<string, string>> = {
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  persistentvolumes: "kubernetes.io/pv-protection",
};

/** Claims and volumes in use are not deleted; controllers take the finalizers off. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  handles: (attributes) => Object.keys(protections).some((resource) => isAbout(attributes, resource, "CREATE")),
  mutate({ object, definition }) {
    const { metadata } = object as UnstructuredObject;
    const finalizer = protections[definition.resource] as string;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};

/** Only bound claims whose class says so may grow. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: "PersistentVolumeClaimResize",
  handles: (attributes) => isAbout(attributes, "persistentvolumeclaims", "UPDATE"),
  validate({ object, old, definition, name }, environment) {
    const [next, before] = [object, old].map((claim) => (claim?.["spec"] ?? {}) as ClaimSpec);
    const [wanted, present] = [next, before].map((spec) => parseQuantity(spec?.resources?.requests?.["storage"] ?? "0"));
    if (wanted === undefined || present === undefined || compareQuantities(wanted, present) <= 0) return;
    const { phase } = (old?.["status"] ?? {}) as { phase?: string };
    if (phase !== "Bound") throw newForbidden(definition, name, "Only bound persistent volume claims can be expanded");
    const className = classOf(object);
    const storageClass = className === classOf(old) ? environment.get("storageclasses.storage.k8s.io", "", className) : undefined;
    if (storageClass?.["allowVolumeExpansion"] === true) return;
    const cause = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    throw newForbidden(definition, name, cause);
  },
};

function classOf(claim: Readonly<UnstructuredObject> | undefined): string {
  const { storageClassName = "" } = (claim?.["spec"] ?? {}) as ClaimSpec;
  return claim?.metadata.annotations?.[oldClassAnnotation] ?? storageClassName;
}
