import type { QueueMetrics } from "@coracle/client";

/** Counters of one controller; read them at any time, they are never reset. */
export interface ControllerMetrics {
  readonly name: string;
  /** Keys ready to be reconciled. */
  readonly queueDepth: number;
  /** Keys that wait for a time: back-off or a requested requeue. */
  readonly delayed: number;
  readonly activeWorkers: number;
  /** Of its work queue. */
  readonly queue: QueueMetrics;
  readonly reconciles: number;
  readonly errors: number;
  readonly durationMsSum: number;
  readonly durationMsMax: number;
  /** Clock milliseconds of the last sign of life of each watched resource. */
  readonly lastActivityMs: Readonly<Record<string, number>>;
}

export interface MutableMetrics {
  reconciles: number;
  errors: number;
  durationMsSum: number;
  durationMsMax: number;
}

export function createMetrics(): MutableMetrics {
  return { reconciles: 0, errors: 0, durationMsSum: 0, durationMsMax: 0 };
}
