import { resources } from "@coracle/api";
import type { ControllerContext, ControllerDefinition } from "@coracle/operator";
import { createReplicasController } from "../replicaset/replicas-controller.ts";

/** Keeps the number of pods that a ReplicationController asks for: a ReplicaSet of an older form, whose selector is a map of labels. */
export function createReplicationController(context: ControllerContext): ControllerDefinition {
  return createReplicasController(context, {
    controllerName: "replication-controller",
    resource: resources.replicationControllers,
    selectorOf: ({ spec }) => (spec?.selector === undefined ? undefined : { matchLabels: spec.selector }),
    countsTerminating: false,
  });
}
