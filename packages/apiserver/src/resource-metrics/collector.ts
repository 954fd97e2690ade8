import type { Clock, Logger } from "@coracle/base";
import type { Node } from "@coracle/api";
import type { NodeSamples } from "./samples.ts";

export interface CollectorOptions {
  readonly nodes: () => readonly Readonly<Node>[];
  read(node: Readonly<Node>): Promise<NodeSamples>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Two looks at a node, of which the difference is what it uses. */
export interface NodePair {
  readonly previous?: NodeSamples;
  readonly latest: NodeSamples;
}

/** As metrics-server's resolution. */
const periodMs = 15_000;
/** The first who asks need not wait for a whole period. */
const firstPauseMs = 1000;
/** When nobody has asked for so long, it stops looking. */
const idleMs = 5 * 60_000;
const parallelReads = 32;

/**
 * Looks at all nodes every 15 seconds, while somebody wants to know: a cluster that nobody watches is not measured. Whoever asks first waits a
 * second, for two looks.
 */
export class Collector implements Disposable {
  readonly #options: CollectorOptions;
  readonly #pairs = new Map<string, NodePair>();
  #askedMs = 0;
  #starting: Promise<void> | undefined;
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** What is known of each node, by name. */
  async collect(): Promise<ReadonlyMap<string, NodePair>> {
    this.#askedMs = this.#options.clock.monotonic();
    if (this.#timer === undefined) await (this.#starting ??= this.#start());
    return this.#pairs;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#timer?.[Symbol.dispose]();
  }

  async #start(): Promise<void> {
    try {
      this.#pairs.clear();
      await this.#look();
      await this.#options.clock.sleep(firstPauseMs);
      await this.#look();
      this.#arm();
    } finally {
      this.#starting = undefined;
    }
  }

  #arm(): void {
    if (this.#isDisposed) return;
    this.#timer = this.#options.clock.setTimeout(() => void this.#tick(), periodMs);
  }

  async #tick(): Promise<void> {
    if (this.#options.clock.monotonic() - this.#askedMs > idleMs) {
      this.#timer = undefined;
      return;
    }
    await this.#look();
    this.#arm();
  }

  /** Never rejects: a node that cannot be read is not known. */
  async #look(): Promise<void> {
    const nodes = [...this.#options.nodes()];
    const names = new Set(nodes.map(({ metadata }) => metadata.name ?? ""));
    for (const name of this.#pairs.keys()) if (!names.has(name)) this.#pairs.delete(name);
    const readers = Array.from({ length: Math.min(parallelReads, nodes.length) }, async () => {
      for (let node = nodes.pop(); node !== undefined && !this.#isDisposed; node = nodes.pop()) await this.#lookAt(node);
    });
    await Promise.all(readers);
  }

  async #lookAt(node: Readonly<Node>): Promise<void> {
    const name = node.metadata.name ?? "";
    try {
      const latest = await this.#options.read(node);
      const known = this.#pairs.get(name)?.latest;
      this.#pairs.set(name, { latest, ...(known !== undefined && { previous: known }) });
    } catch (error) {
      this.#pairs.delete(name);
      this.#options.log.debug("cannot measure a node", { node: name, error });
    }
  }
}
