import type { KubeObject } from "@coracle/apimachinery";

/**
 * An eventually consistent, indexed, read-only view of one resource. Keys are `namespace/name` (or `name`). In one process it is a view
 * of the API server's watch cache; over HTTPS a list-and-watch keeps it. Objects are shared: never change them.
 */
export interface Informer<T extends KubeObject> {
  readonly hasSynced: boolean;
  /** Rejects with the signal's reason. */
  waitForSync(signal?: AbortSignal): Promise<void>;
  get(key: string): T | undefined;
  /** All, or those of one namespace; in key order. */
  list(namespace?: string): readonly T[];
  /** Adding the same name twice keeps the first. */
  addIndex(name: string, values: (object: T) => readonly string[]): void;
  /** @throws when the index was not added. */
  byIndex(name: string, value: string): readonly T[];
  /**
   * Replays the present objects through `onAdd`, then delivers every change in revision order, one call at a time. Handlers must not
   * throw and must return quickly: they put a key into a queue.
   */
  subscribe(handler: InformerHandler<T>): Disposable;
  /** Clock milliseconds of the last sign of life (event, bookmark or relist). */
  readonly lastActivityMs: number;
}

export interface InformerHandler<T extends KubeObject> {
  onAdd?(object: T, isInitial: boolean): void;
  onUpdate?(object: T, old: T): void;
  onDelete?(object: T): void;
}
