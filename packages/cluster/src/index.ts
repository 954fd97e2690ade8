/**
 * `@coracle/cluster`: composition. It starts the parts of a cluster in one process — store, API server, controllers, scheduler, nodes, network —
 * and hands each its clock, its client and its identity. It holds no logic of Kubernetes.
 *
 * The tour: `choose-runtime.ts` decides what runs containers, `certificates.ts` who trusts whom, `start-cluster.ts` brings the parts up and down
 * in order, `control-plane.ts` and `nodes.ts` say what they are.
 *
 * ```ts
 * const cluster = await startCluster({ name: "demo", directory, isEphemeral: true, port: 0 });
 * await cluster.client().resource(resources.pods, "default").list();
 * await cluster.stop();
 * ```
 */
export { startCluster } from "./start-cluster.ts";
export {
  RuntimeUnavailableError,
  type Cluster,
  type ClusterOptions,
  type Identity,
  type RuntimeChoice,
  type RuntimeReport,
} from "./options.ts";
export { CertificatesDamagedError } from "./certificates.ts";
export { nodesOf, type NodeReport } from "./nodes.ts";
export { clusterEntries, coracleVersion, kubernetesVersion } from "./version.ts";
export { parseRuntimeConfig, RuntimeConfigError, type RuntimeConfig } from "@coracle/api";
export { ListenError, PluginSelectionError, type PluginSelection } from "@coracle/apiserver";
export { unmountBelow } from "@coracle/kubelet";
export { lockDirectory, StoreDamagedError, StoreLockedError } from "@coracle/storage";
