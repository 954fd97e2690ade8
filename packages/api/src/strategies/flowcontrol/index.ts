import type { ResourceStrategy } from "@coracle/apimachinery";
import { flowSchemas } from "./flow-schema.ts";
import { priorityLevelConfigurations } from "./priority-level-configuration.ts";

const group = "flowcontrol.apiserver.k8s.io";

export const flowcontrolStrategies: Readonly<Record<string, ResourceStrategy>> = {
  [`flowschemas.${group}`]: flowSchemas,
  [`prioritylevelconfigurations.${group}`]: priorityLevelConfigurations,
};
