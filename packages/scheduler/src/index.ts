/**
 * `@coracle/scheduler`: chooses a node for every pod that has none. It answers to kube-scheduler.
 *
 * The tour: `scheduler.ts` listens to the API and keeps `cache/` (nodes with what is placed on them) and `queue/` (pods that wait);
 * `framework/cycle.ts` decides about one pod — pre-filter, filter, score — as a pure function of a snapshot; `plugins/` hold one rule each,
 * under upstream's names; the scheduler posts the binding. `preemption/` makes room for
 * pods that fit nowhere.
 *
 * ```ts
 * const scheduler = createScheduler({ client, clock, random, log, events });
 * await scheduler.start();
 * ```
 */
export { createScheduler, type Scheduler, type SchedulerOptions } from "./scheduler.ts";
export { schedule, type CycleOptions, type Decision } from "./framework/cycle.ts";
export type { NodeInfo, Plugin, PodInfo, Refusal, Snapshot } from "./framework/plugin.ts";
