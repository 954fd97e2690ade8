/**
 * `@coracle/controllers`: the controllers of the control plane, one folder each. They answer to kube-controller-manager and run on the
 * operator runtime that users get, as clients of the API.
 *
 * `pod-control/` holds what workload controllers share: creating and deleting pods, adoption, expectations, revisions;
 * `service-backends/` what both endpoint controllers do. Each `create…Controller` gives a factory for `manager.add`.
 *
 * ```ts
 * const manager = createManager({ client, clock, random, log });
 * manager.add(createDeploymentController);
 * await manager.start();
 * ```
 */
export { createClusterRoleAggregationController } from "./clusterrole-aggregation/clusterrole-aggregation.ts";
export { createDisruptionController, type DisruptionControllerOptions } from "./disruption/disruption-controller.ts";
export { createStaleDisruptionController } from "./disruption/stale-disruption-controller.ts";
export { createEndpointsController, type EndpointsControllerOptions } from "./endpoint/endpoints-controller.ts";
export { createEndpointSliceController, type EndpointSliceControllerOptions } from "./endpointslice/endpointslice-controller.ts";
export { createNamespaceController, type NamespaceControllerOptions } from "./namespace/namespace-controller.ts";
export { createRootCaPublisherController, type RootCaPublisherOptions } from "./root-ca-publisher/root-ca-publisher.ts";
export { createServiceAccountController, type ServiceAccountControllerOptions } from "./serviceaccount/serviceaccount-controller.ts";
export { createCronJobController } from "./cronjob/cronjob-controller.ts";
export { createDaemonSetController } from "./daemonset/daemonset-controller.ts";
export { createDeploymentController } from "./deployment/deployment-controller.ts";
export { createGarbageCollector, type GarbageCollectorOptions } from "./garbage-collector/garbage-collector.ts";
export { createJobController } from "./job/job-controller.ts";
export { createNodeLifecycleController, type NodeLifecycleOptions } from "./node-lifecycle/node-lifecycle-controller.ts";
export { createPersistentVolumeBinder } from "./persistent-volume/persistent-volume-binder.ts";
export { createClaimProtectionController, createVolumeProtectionController } from "./persistent-volume/protection.ts";
export { createPodGarbageCollector, type PodGarbageCollectorOptions } from "./pod-garbage-collector/pod-garbage-collector.ts";
export { createReplicaSetController } from "./replicaset/replicaset-controller.ts";
export { createReplicationController } from "./replicationcontroller/replication-controller.ts";
export { createResourceQuotaController, type ResourceQuotaControllerOptions } from "./resource-quota/resource-quota-controller.ts";
export { createStatefulSetController } from "./statefulset/statefulset-controller.ts";
export { createTtlAfterFinishedController } from "./ttl-after-finished/ttl-after-finished-controller.ts";
export { createTaintEvictionController } from "./taint-eviction/taint-eviction-controller.ts";
export { createEndpointSliceMirroringController } from "./endpointslice-mirroring/endpointslice-mirroring-controller.ts";
