import type { Pod } from "@coracle/api";
import { podNameLabel, podNamespaceLabel, podUidLabel } from "../containers/labels.ts";
import type { PodContext } from "./pod-context.ts";
import { PodWorker } from "./pod-worker.ts";

const houseKeepingMs = 60_000;

/** The workers of a node, one for each pod, and the search for what runs although no pod asks for it. */
export class PodWorkers {
  readonly #context: PodContext;
  readonly #workers = new Map<string, PodWorker>();
  #events: Disposable | undefined;
  #timer: Disposable | undefined;
  #isStopped = false;

  constructor(context: PodContext) {
    this.#context = context;
  }

  /** Listens to the runtime. Call when the first pods were handed in, so that nothing of theirs is taken for orphaned. */
  start(): void {
    this.#events = this.#context.runtime.subscribe(({ podUid }) => this.#workers.get(podUid)?.wake());
    void this.#keepHouse();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#events?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** The pods that are at work here. */
  pods(): Pod[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  /** The worker of a pod by name; of those being replaced the newest. */
  find(namespace: string, name: string): PodWorker | undefined {
    return [...this.#workers.values()].findLast(({ pod }) => pod.metadata.name === name && pod.metadata.namespace === namespace);
  }

  onPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? "";
    const worker = this.#workers.get(uid);
    if (worker === undefined) this.#add(pod);
    else worker.update(pod);
  }

  onGone(pod: Pod): void {
    this.#workers.get(pod.metadata.uid ?? "")?.remove();
  }

  #add(pod: Pod): PodWorker {
    const uid = pod.metadata.uid ?? "";
    const worker = new PodWorker(this.#context, pod);
    worker.onDone = () => void this.#workers.delete(uid);
    this.#workers.set(uid, worker);
    worker.wake();
    return worker;
  }

  async #keepHouse(): Promise<void> {
    const { runtime, log, clock } = this.#context;
    try {
      for (const { metadata, labels } of await runtime.listPodSandboxes()) {
        const uid = labels[podUidLabel] ?? metadata.uid;
        if (this.#isStopped || uid === "" || this.#workers.has(uid) || this.#context.isBound(uid)) continue;
        log.info("removing the containers of a pod that is gone", { pod: labels[podNameLabel], uid });
        this.#add(orphan(metadata, labels)).remove();
      }
    } catch (error) {
      log.warn("looking for orphaned pods failed", { error });
    }
    if (!this.#isStopped) this.#timer = clock.setTimeout(() => void this.#keepHouse(), houseKeepingMs);
  }
}

/** As much of a pod as its sandbox tells. */
function orphan(metadata: { name: string; namespace: string; uid: string }, labels: Readonly<Record<string, string>>): Pod {
  const { name, namespace, uid } = metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: labels[podNameLabel] ?? name, namespace: labels[podNamespaceLabel] ?? namespace, uid },
    spec: { containers: [] },
  } as unknown as Pod;
}
