// Generated from packages/api/data by `npm run update`; do not edit.
import type { EventSource as coreV1EventSource, ObjectReference as coreV1ObjectReference } from "./core-v1.ts";
import type { ObjectMeta } from "@coracle/apimachinery";

export interface Event {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  eventTime: string;
  series?: EventSeries | undefined;
  reportingController?: string | undefined;
  reportingInstance?: string | undefined;
  action?: string | undefined;
  reason?: string | undefined;
  regarding?: coreV1ObjectReference | undefined;
  related?: coreV1ObjectReference | undefined;
  note?: string | undefined;
  type?: string | undefined;
  deprecatedSource?: coreV1EventSource | undefined;
  deprecatedFirstTimestamp?: string | undefined;
  deprecatedLastTimestamp?: string | undefined;
  deprecatedCount?: number | undefined;
}

export interface EventSeries {
  count: number;
  lastObservedTime: string;
}
