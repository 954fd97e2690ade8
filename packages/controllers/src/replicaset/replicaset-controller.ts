import { resources } from "@coracle/api";
import type { ControllerContext, ControllerDefinition } from "@coracle/operator";
import { createReplicasController } from "./replicas-controller.ts";

/** Keeps the number of pods that a ReplicaSet asks for. */
export function createReplicaSetController(context: ControllerContext): ControllerDefinition {
  return createReplicasController(context, {
    controllerName: "replicaset-controller",
    resource: resources.replicaSets,
    selectorOf: ({ spec }) => spec?.selector,
    countsTerminating: true,
  });
}
