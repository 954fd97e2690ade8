import { resources, type ConfigMap } from "@coracle/api";
import { isNamespaceTerminating, deepEqual, hasReason } from "@coracle/apimachinery";
import { mapped, watchFor, type ControllerFactory } from "@coracle/operator";

export interface RootCaPublisherOptions {
  /** PEM of the certificates that clients in pods verify the API server with. */
  readonly rootCa: string;
}

const configMapName = "kube-root-ca.crt";
const descriptionAnnotation = "kubernetes.io/description";
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or " +
  "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** Keeps the ConfigMap `kube-root-ca.crt` in each namespace, which service account volumes mount. */
export function createRootCaPublisherController({ rootCa }: RootCaPublisherOptions): ControllerFactory {
  const data = { "ca.crt": rootCa };
  const isOurs = (event: string, { metadata }: ConfigMap): boolean => event !== "add" && metadata.name === configMapName;
  return ({ client }) => ({
    name: "root-ca-certificate-publisher-controller",
    sources: [
      watchFor(resources.namespaces, (event, namespace) => event !== "delete" && namespace.metadata.deletionTimestamp === undefined),
      mapped(resources.configMaps, ({ metadata }) => [metadata.namespace ?? ""], isOurs),
    ],
    async reconcile(namespace) {
      // Deletions in a namespace that is going bring its key here too.
      const { deletionTimestamp } = client.informer(resources.namespaces).get(namespace)?.metadata ?? { deletionTimestamp: "gone" };
      if (deletionTimestamp !== undefined) return;
      const configMaps = client.resource(resources.configMaps, namespace);
      const current = client.informer(resources.configMaps).get(`${namespace}/${configMapName}`);
      if (current === undefined) {
        const metadata = { name: configMapName, namespace, annotations: { [descriptionAnnotation]: description } };
        await configMaps.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data }).catch((error: unknown) => {
          if (!hasReason(error, "NotFound") && !isNamespaceTerminating(error)) throw error;
        });
        return;
      }
      const isDescribed = (current.metadata.annotations?.[descriptionAnnotation] ?? "") !== "";
      if (isDescribed && deepEqual(current.data, data)) return;
      const annotations = { ...current.metadata.annotations, [descriptionAnnotation]: description };
      await configMaps.update({ ...current, metadata: { ...current.metadata, annotations }, data });
    },
  });
}
