/** The generic registry: what the ways in (`http/`, `direct/`) call. */
export * from "./contract.ts";
export type { ActionHandlers } from "./actions.ts";
export { createRegistry, type RegistryOptions } from "./create-registry.ts";
export { RegistryImplementation } from "./registry.ts";
export { systemContext } from "./system-context.ts";
