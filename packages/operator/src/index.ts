/**
 * `@coracle/operator`: the SDK for controllers, used by Coracle's own and by users' alike. It answers to client-go's controller patterns and
 * to controller-runtime's manager; it knows no kind.
 *
 * A controller says which changes matter ({@link Source}s) and how one key is reconciled; {@link createManager} runs it: caches in sync
 * first, one worker for a key, back-off after failures, a stop that waits. Conditions are in `@coracle/apimachinery` (`setCondition`).
 *
 * ```ts
 * const manager = createManager({ client, clock: systemClock, random: systemRandom, log });
 * manager.add(({ client }) => ({
 *   name: "greeter",
 *   sources: [watchFor(greetings), owned(pods, "Greeting")],
 *   async reconcile(key) {
 *     const greeting = client.informer(greetings).get(key);
 *     if (greeting !== undefined) await createOrPatch(client, pods, podFor(greeting));
 *   },
 * }));
 * await manager.start();
 * ```
 */
export type { ControllerContext, ControllerDefinition, ControllerFactory, KeyQueue, ReconcileResult, Source } from "./controller.ts";
export { createManager, type LeaderElectionSettings, type Manager, type ManagerOptions } from "./manager.ts";
export type { ControllerMetrics } from "./metrics.ts";
export { cached, mapped, owned, watchFor } from "./sources.ts";
export { addFinalizer, hasFinalizer, removeFinalizer } from "./finalizers.ts";
export { createOrPatch, type CreateOrPatchResult } from "./create-or-patch.ts";
