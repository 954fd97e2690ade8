import type { Clock, Logger } from "@coracle/base";
import type { RuntimeEvent } from "../runtime.ts";
import { CriError, type CriConnection } from "./connection.ts";
import type { CriContainer, CriSandbox } from "./messages.ts";

export interface EventSourceOptions {
  readonly connection: CriConnection;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ownerLabels: Readonly<Record<string, string>>;
}

/** Between two lists while there are pods and the runtime sends no events. */
const pollIntervalMs = 300;
/** Between two lists when the runtime sends events: they may be lost when it restarts. */
const relistIntervalMs = 10_000;

interface Seen {
  readonly state: number;
  readonly event: RuntimeEvent;
}

/**
 * Tells who subscribed about changes. Asks the runtime for events (containerd from 1.7) and compares lists: often while there are
 * none, seldom otherwise, and not at all while nobody listens or the node has no pods.
 */
export class EventSource implements Disposable {
  readonly #options: EventSourceOptions;
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #stop = new AbortController();
  #seen = new Map<string, Seen>();
  #timer: Disposable | undefined;
  #hasEvents = false;
  #isStreaming = false;
  #listing: Promise<void> | undefined;

  constructor(options: EventSourceOptions) {
    this.#options = options;
  }

  subscribe(listener: (event: RuntimeEvent) => void): Disposable {
    this.#listeners.add(listener);
    this.#startStream();
    this.poke();
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Lists soon: something was just started or stopped through us. */
  poke(): void {
    if (this.#stop.signal.aborted || this.#listeners.size === 0) return;
    this.#arm(0);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#timer?.[Symbol.dispose]();
    this.#listeners.clear();
  }

  #arm(delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.#tick();
    }, delayMs);
  }

  async #tick(): Promise<void> {
    if (this.#listing !== undefined) return this.#listing;
    this.#listing = this.#list().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#options.log.debug("cannot list containers", { error });
    });
    await this.#listing;
    this.#listing = undefined;
    const isNeeded = !this.#stop.signal.aborted && this.#listeners.size > 0 && this.#seen.size > 0;
    if (isNeeded && this.#timer === undefined) this.#arm(this.#hasEvents ? relistIntervalMs : pollIntervalMs);
  }

  async #list(): Promise<void> {
    const { connection, ownerLabels } = this.#options;
    const filter = Object.keys(ownerLabels).length === 0 ? undefined : { labelSelector: ownerLabels };
    const [{ items }, { containers }] = await Promise.all([
      connection.call("ListPodSandbox", filter === undefined ? {} : { filter }),
      connection.call("ListContainers", filter === undefined ? {} : { filter }),
    ]);
    this.#compare(items, containers);
  }

  #compare(sandboxes: readonly CriSandbox[], containers: readonly CriContainer[]): void {
    const uids = new Map(sandboxes.map((sandbox) => [sandbox.id, sandbox.metadata.uid]));
    const now = new Map<string, Seen>();
    for (const { id, state, metadata } of sandboxes) now.set(id, { state, event: { sandboxId: id, podUid: metadata.uid } });
    for (const { id, state, podSandboxId, labels } of containers) {
      const podUid = uids.get(podSandboxId) ?? labels["io.kubernetes.pod.uid"] ?? "";
      now.set(id, { state, event: { sandboxId: podSandboxId, containerId: id, podUid } });
    }
    const before = this.#seen;
    this.#seen = now;
    for (const [id, seen] of now) if (before.get(id)?.state !== seen.state) this.#tell(seen.event);
    for (const [id, seen] of before) if (!now.has(id)) this.#tell(seen.event);
  }

  #tell(event: RuntimeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #startStream(): void {
    if (this.#isStreaming) return;
    this.#isStreaming = true;
    void this.#stream();
  }

  async #stream(): Promise<void> {
    const { connection, clock, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const event of connection.events(signal)) {
          // The first event proves the stream; which pods are ours and what changed is the list's to say.
          this.#hasEvents = true;
          if (event.podSandboxStatus !== null) this.poke();
        }
      } catch (error) {
        if (error instanceof CriError && error.code === "UNIMPLEMENTED") return;
        log.debug("the runtime's event stream broke", { error });
      }
      this.#hasEvents = false;
      this.poke();
      await clock.sleep(1_000, signal).catch(() => undefined);
    }
  }
}
