// Generated from packages/api/data by `npm run update`; do not edit.
import type { Toleration as coreV1Toleration } from "./core-v1.ts";
import type { ObjectMeta } from "@coracle/apimachinery";

export interface Overhead {
  podFixed?: Record<string, string> | undefined;
}

export interface RuntimeClass {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  handler: string;
  overhead?: Overhead | undefined;
  scheduling?: Scheduling | undefined;
}

export interface Scheduling {
  nodeSelector?: Record<string, string> | undefined;
  tolerations?: coreV1Toleration[] | undefined;
}
