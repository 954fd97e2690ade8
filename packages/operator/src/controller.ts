import type { Clock, Logger, Random } from "@coracle/base";
import type { KubeObject, ResourceType } from "@coracle/apimachinery";
import type { Client, EventRecorder } from "@coracle/client";

/** What the manager hands to a controller when it is built. */
export interface ControllerContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Writes events whose source component is the controller's name. */
  readonly events: EventRecorder;
  /** Aborts when the manager stops. */
  readonly signal: AbortSignal;
}

/**
 * A controller: which changes matter, and how one object is brought to its desired state.
 *
 * `reconcile` is level-based: it gets a key, reads caches, and writes what is missing; it must be idempotent. One key is never
 * reconciled twice at the same time. A thrown error puts the key back with exponential back-off (5 ms … 1000 s as client-go).
 */
export interface ControllerDefinition {
  readonly name: string;
  readonly sources: readonly Source[];
  /** Keys reconciled at the same time. Defaults to 1. */
  readonly concurrency?: number;
  reconcile(key: string, context: ControllerContext): Promise<ReconcileResult | void>;
  /** Called once, when caches are in sync and before the first reconcile. */
  start?(queue: KeyQueue): void | Promise<void>;
}

export interface KeyQueue {
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
}

export interface ReconcileResult {
  /** Reconcile the key again after so many milliseconds. */
  requeueAfterMs?: number;
}

/** Turns changes of one resource into keys. */
export interface Source<T extends KubeObject = KubeObject> {
  readonly resource: ResourceType<T>;
  /** Keys to reconcile for a change. Defaults to the object's own key. `old` is absent on add and delete. */
  map?(object: T, old: T | undefined): readonly string[];
  /** Returns false to ignore a change. `isInitial` is for additions of what was there when the controller started. */
  predicate?(event: "add" | "update" | "delete", object: T, old: T | undefined, isInitial: boolean): boolean;
}

/** Builds a controller with its own state. */
export type ControllerFactory = (context: ControllerContext) => ControllerDefinition;
