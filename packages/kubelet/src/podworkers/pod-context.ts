import type { Clock, Logger } from "@coracle/base";
import type { Service } from "@coracle/api";
import type { Client, EventRecorder } from "@coracle/client";
import type { Pod } from "@coracle/api";
import type { DnsContext } from "../containers/dns.ts";
import type { ImagePuller } from "../images/image-puller.ts";
import type { Prober } from "../prober/prober.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { StatusWriter } from "../status/status-writer.ts";
import type { ObjectSource } from "../volumes/object-source.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { BackOff } from "./back-off.ts";

/** What all pod workers of a node share. */
export interface PodContext {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly client: Client;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly images: ImagePuller;
  readonly volumes: PodVolumes;
  readonly prober: Prober;
  readonly statuses: StatusWriter;
  readonly objects: ObjectSource;
  readonly crashes: BackOff;
  readonly dns: DnsContext;
  readonly logDirectory: string;
  readonly podsDirectory: string;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Services that a pod's environment names. */
  services(namespace: string): readonly Service[];
  /** Whether the API has a pod with this uid on this node. */
  isBound(uid: string): boolean;
  /** Reason and message when the node does not take the pod. */
  admit(pod: Pod): Promise<{ reason: string; message: string } | undefined>;
}
