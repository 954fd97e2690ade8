import type { KubeObject } from "@coracle/apimachinery";

/**
 * Records what happened to an object as core/v1 Events, as client-go's recorder does: the same event within a window raises `count`,
 * a noisy source is limited, and failures to write are logged, never thrown. `record` returns at once.
 */
export interface EventRecorder {
  record(object: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void;
}
