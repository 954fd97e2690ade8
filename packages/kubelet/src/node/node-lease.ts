import type { Clock, Logger } from "@coracle/base";
import { formatMicroTime, hasReason } from "@coracle/apimachinery";
import { resources, type Lease, type Node } from "@coracle/api";
import type { Client } from "@coracle/client";

export interface NodeLeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
}

const namespace = "kube-node-lease";
const leaseDurationSeconds = 40;
const renewMs = 10_000;

/** The node's sign of life: a Lease that is renewed every ten seconds. */
export class NodeLease {
  readonly #options: NodeLeaseOptions;
  readonly #stopped = new AbortController();
  #lease: Lease | undefined;
  #node: Node | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
  }

  /** Renews in the background; the namespace may come later than the node. */
  async start(node: Node | undefined): Promise<void> {
    this.#node = node;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, log, nodeName } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      let pauseMs = renewMs;
      try {
        await this.#renew();
      } catch (error) {
        this.#lease = undefined;
        pauseMs = 1000;
        log.debug("node lease was not renewed", { node: nodeName, error });
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  async #renew(): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    const leases = client.resource(resources.leases, namespace);
    const renewTime = formatMicroTime(clock.now());
    this.#lease ??= await leases.get(nodeName).catch((error: unknown) => {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    });
    const spec = { ...this.#lease?.spec, holderIdentity: nodeName, leaseDurationSeconds, renewTime };
    if (this.#lease !== undefined) {
      this.#lease = await leases.update({ ...this.#lease, spec });
      return;
    }
    const uid = this.#node?.metadata.uid;
    const ownerReferences = uid === undefined ? [] : [{ apiVersion: "v1", kind: "Node", name: nodeName, uid }];
    const object = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: nodeName, namespace, ownerReferences }, spec };
    this.#lease = await leases.create(object);
  }
}
