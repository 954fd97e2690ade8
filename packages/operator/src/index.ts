/**
 * `@coracle/operator`: the SDK for controllers, used by Coracle's own and by users' alike.
 */
export * from "./controller.ts";
export { createManager, type Manager, type ManagerOptions } from "./manager.ts";
export type { ControllerMetrics } from "./metrics.ts";
export { cached, mapped, owned, watchFor } from "./sources.ts";
