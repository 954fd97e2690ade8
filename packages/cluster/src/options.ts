import type { RuntimeConfig } from "@coracle/api";
import type { Clock, Logger, Random } from "@coracle/base";
import type { Client } from "@coracle/client";
import type { PluginSelection } from "@coracle/apiserver";

/** Who a component or a caller is to the API server. */
export interface Identity {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface ClusterOptions {
  /** Names the kubeconfig's context and the nodes. */
  readonly name: string;
  /** Holds certificates, the store's files and the nodes' files. Made when missing. */
  readonly directory: string;
  /** Keeps the store in memory. */
  readonly isEphemeral: boolean;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Defaults to 1. More than one needs the simulated runtime: one machine is one containerd node. */
  readonly nodeCount?: number;
  /** Defaults to `auto`: containerd when it can be used, else simulated. */
  readonly runtime?: RuntimeChoice;
  /** Defaults to `/run/containerd/containerd.sock`. */
  readonly containerdSocket?: string;
  /** Admission plug-ins, by kube-apiserver's names, that run beside, or in spite of, the ones that do by default. */
  readonly admissionPlugins?: PluginSelection;
  /** Which versions of the built-in resources to serve. Defaults to all, those that upstream has retired included. */
  readonly runtimeConfig?: RuntimeConfig;
  /** How long the history of changes is kept at least, in milliseconds: watches and chunked lists resume from it. Defaults to five minutes. */
  readonly compactionPeriodMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** Ends the start: what was started is stopped again, and the start fails with the signal's reason. */
  readonly signal?: AbortSignal;
}

export type RuntimeChoice = "auto" | "containerd" | "simulated";

export interface Cluster {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly port: number;
  /** Text of a kubeconfig with the administrator's client certificate. */
  readonly kubeconfig: string;
  readonly runtime: RuntimeReport;
  readonly nodeNames: readonly string[];
  /** From the call of `startCluster`, in milliseconds. */
  readonly timings: { readonly apiReadyMs: number; readonly nodesReadyMs: number };
  /** A client in this process, with the rights of `identity`; by default the administrator's. */
  client(identity?: Identity): Client;
  /**
   * Stops in order: nodes (and the containers they run), scheduler, controllers, API server, store. Idempotent. With `keepContainers` the
   * containers go on, and a restart adopts them.
   */
  stop(options?: { keepContainers?: boolean }): Promise<void>;
}

export interface RuntimeReport {
  readonly name: "containerd" | "simulated";
  readonly version: string;
  /** Why this one, as a clause: `no containerd answers at /run/containerd/containerd.sock`. */
  readonly reason: string;
}

/** The asked-for runtime cannot be used. */
export class RuntimeUnavailableError extends Error {
  override readonly name = "RuntimeUnavailableError";
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
