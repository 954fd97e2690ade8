// Generated from packages/api/data by `npm run update`; do not edit.
import type { ObjectReference as coreV1ObjectReference } from "./core-v1.ts";
import type { ObjectMeta } from "@coracle/apimachinery";

export interface Endpoint {
  addresses: string[];
  conditions?: EndpointConditions | undefined;
  hostname?: string | undefined;
  targetRef?: coreV1ObjectReference | undefined;
  deprecatedTopology?: Record<string, string> | undefined;
  nodeName?: string | undefined;
  zone?: string | undefined;
  hints?: EndpointHints | undefined;
}

export interface EndpointConditions {
  ready?: boolean | undefined;
  serving?: boolean | undefined;
  terminating?: boolean | undefined;
}

export interface EndpointHints {
  forZones?: ForZone[] | undefined;
  forNodes?: ForNode[] | undefined;
}

export interface EndpointPort {
  name?: string | undefined;
  protocol?: string | undefined;
  port?: number | undefined;
  appProtocol?: string | undefined;
}

export interface EndpointSlice {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  addressType: string;
  endpoints?: Endpoint[] | undefined;
  ports?: EndpointPort[] | undefined;
}

export interface ForNode {
  name: string;
}

export interface ForZone {
  name: string;
}
