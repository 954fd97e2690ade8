import type { ApiServer, NamedQueue } from "@coracle/apiserver";
import type { Clock, Logger, Random } from "@coracle/base";
import type { ResourceType } from "@coracle/apimachinery";
import { createEventRecorder } from "@coracle/client";
import {
  createClaimProtectionController,
  createClusterRoleAggregationController,
  createCronJobController,
  createDaemonSetController,
  createDeploymentController,
  createDisruptionController,
  createEndpointsController,
  createEndpointSliceController,
  createEndpointSliceMirroringController,
  createGarbageCollector,
  createJobController,
  createNamespaceController,
  createNodeLifecycleController,
  createPersistentVolumeBinder,
  createPodGarbageCollector,
  createReplicaSetController,
  createReplicationController,
  createResourceQuotaController,
  createRootCaPublisherController,
  createServiceAccountController,
  createStaleDisruptionController,
  createStatefulSetController,
  createTaintEvictionController,
  createTtlAfterFinishedController,
  createVolumeProtectionController,
} from "@coracle/controllers";
import { createLocalPathProvisioner, serviceAccountName } from "@coracle/local-path-provisioner";
import { createManager, type ControllerFactory, type Manager } from "@coracle/operator";
import { createScheduler, type Scheduler } from "@coracle/scheduler";
import { schedulerIdentity, serviceAccount, type Clients } from "./identities.ts";

export interface ControlPlaneOptions {
  readonly server: ApiServer;
  readonly clients: Clients;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** PEM of the authority, which every namespace gets. */
  readonly rootCa: string;
  readonly volumes: { readonly directory: string; readonly makesDirectories: boolean };
}

/** The controllers and the scheduler. */
export interface ControlPlane {
  /** Throws while the part does not run. By the names of ComponentStatuses. */
  readonly checks: Readonly<Record<"scheduler" | "controller-manager", () => void>>;
  /** Of the controllers that run. */
  queues(): readonly NamedQueue[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { clients, clock, random, log } = options;
  const managers: Manager[] = Object.entries(controllers(options)).map(([account, factories]) => {
    const manager = createManager({ client: clients.ofController(serviceAccount(account)), clock, random, log });
    for (const factory of factories) manager.add(factory);
    return manager;
  });
  const client = clients.of(schedulerIdentity);
  const events = createEventRecorder({ client, component: "default-scheduler", clock, random, log });
  const scheduler: Scheduler = createScheduler({ client, clock, random, log: log.with({ component: "scheduler" }), events });
  const running = new Set<string>();
  const run = async (name: string, started: Promise<unknown>): Promise<void> => {
    await started;
    running.add(name);
  };
  const checkOf = (name: string) => () => {
    if (!running.has(name)) throw new Error(`the ${name} does not run`);
  };
  return {
    checks: { scheduler: checkOf("scheduler"), "controller-manager": checkOf("controller-manager") },
    queues: () =>
      managers.flatMap((manager) => manager.metrics().map(({ name, queue, queueDepth }) => ({ name, depth: queueDepth, metrics: queue }))),
    async start() {
      const started = Promise.all(managers.map((manager) => manager.start()));
      await Promise.all([run("controller-manager", started), run("scheduler", scheduler.start())]);
    },
    async stop() {
      running.clear();
      await scheduler.stop();
      await Promise.all(managers.map((manager) => manager.stop()));
      events.stop();
    },
  };
}

/** Controllers by the service account whose rights they have. */
function controllers({ server, rootCa, volumes }: ControlPlaneOptions): Record<string, ControllerFactory[]> {
  const deletable = (): ResourceType[] => servedResources(server, ["delete", "list", "watch"]);
  return {
    "deployment-controller": [createDeploymentController],
    "replicaset-controller": [createReplicaSetController],
    "replication-controller": [createReplicationController],
    "statefulset-controller": [createStatefulSetController],
    "daemon-set-controller": [createDaemonSetController],
    "job-controller": [createJobController],
    "cronjob-controller": [createCronJobController],
    "ttl-after-finished-controller": [createTtlAfterFinishedController],
    "pod-garbage-collector": [createPodGarbageCollector()],
    "disruption-controller": [
      createDisruptionController({ kindOf: (group, kind) => kindOf(server, group, kind) }),
      createStaleDisruptionController,
    ],
    "endpoint-controller": [createEndpointsController()],
    "endpointslice-controller": [createEndpointSliceController()],
    "endpointslicemirroring-controller": [createEndpointSliceMirroringController],
    "namespace-controller": [
      createNamespaceController({
        resources: () => servedResources(server, ["delete", "list"]).filter((resource) => resource.isNamespaced),
      }),
    ],
    "service-account-controller": [createServiceAccountController()],
    "root-ca-cert-publisher": [createRootCaPublisherController({ rootCa })],
    "clusterrole-aggregation-controller": [createClusterRoleAggregationController()],
    "generic-garbage-collector": [
      createGarbageCollector({ resources: deletable, onResourcesChanged: (listener) => server.registry.onResourcesChanged(listener) }),
    ],
    "resourcequota-controller": [
      createResourceQuotaController({
        resources: () => servedResources(server, ["create", "delete", "list", "watch"]),
        onResourcesChanged: (listener) => server.registry.onResourcesChanged(listener),
      }),
    ],
    "persistent-volume-binder": [createPersistentVolumeBinder],
    "pvc-protection-controller": [createClaimProtectionController],
    "pv-protection-controller": [createVolumeProtectionController],
    "node-controller": [createNodeLifecycleController(), createTaintEvictionController],
    [serviceAccountName]: [createLocalPathProvisioner(volumes)],
  };
}

/** The preferred version of every resource that offers `verbs`. Events come and go by themselves and own nothing. */
function servedResources(server: ApiServer, verbs: readonly ("create" | "delete" | "list" | "watch")[]): ResourceType[] {
  const seen = new Set<string>();
  return server.registry
    .resources()
    .filter((definition) => verbs.every((verb) => definition.verbs.includes(verb)))
    .flatMap((definition) => {
      const version = definition.versions.find((entry) => entry.isServed)?.version;
      // Resources that share a place in the store are the same objects.
      if (version === undefined || seen.has(definition.storagePath)) return [];
      seen.add(definition.storagePath);
      return [
        { group: definition.group, version, resource: definition.resource, kind: definition.kind, isNamespaced: definition.isNamespaced },
      ];
    });
}

/** A served kind in its preferred version, and whether its objects can be scaled. */
function kindOf(server: ApiServer, group: string, kind: string): { resource: ResourceType; hasScale: boolean } | undefined {
  const definition = server.registry.resources().find((entry) => entry.group === group && entry.kind === kind);
  const served = definition?.versions.find(({ isServed }) => isServed);
  if (definition === undefined || served === undefined) return undefined;
  const { resource, isNamespaced } = definition;
  const hasScale = served.subresources.some(({ scale }) => scale !== undefined);
  return { resource: { group, version: served.version, resource, kind, isNamespaced }, hasScale };
}
