import { join } from "node:path";
import type { Pod } from "@coracle/api";
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel, restartCountOf } from "../containers/labels.ts";
import { podLogDirectory } from "../containers/pod-spec.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import { rotateLog } from "./log-rotation.ts";
import { removeForgottenFiles } from "./pod-files.ts";
import type { PodContext } from "./pod-context.ts";
import { PodWorker } from "./pod-worker.ts";

const houseKeepingMs = 60_000;
const logCheckMs = 10_000;

/** The workers of a node, one for each pod, and the search for what runs although no pod asks for it. */
export class PodWorkers {
  readonly #context: PodContext;
  readonly #workers = new Map<string, PodWorker>();
  #events: Disposable | undefined;
  #timer: Disposable | undefined;
  #logTimer: Disposable | undefined;
  #isStopped = false;

  constructor(context: PodContext) {
    this.#context = context;
  }

  /** Listens to the runtime. Call when the first pods were handed in, so that nothing of theirs is taken for orphaned. */
  start(): void {
    this.#events = this.#context.runtime.subscribe(({ podUid }) => this.#workers.get(podUid)?.wake());
    void this.#keepHouse();
    if (this.#context.runtime.reopenLog !== undefined) void this.#rotateLogs();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#events?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    this.#logTimer?.[Symbol.dispose]();
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

  async #rotateLogs(): Promise<void> {
    const { runtime, logDirectory, clock, log } = this.#context;
    for (const { pod, runtimePod } of this.#workers.values()) {
      for (const state of runtimePod.containers.filter((each) => each.state === "running")) {
        const path = logPathOf(logDirectory, pod, state);
        const reopen = async (): Promise<void> => runtime.reopenLog?.(state.id);
        await rotateLog({ path, nowMs: clock.now(), reopen }).catch((error: unknown) =>
          log.warn("log was not rotated", { pod: pod.metadata.name, path, error }),
        );
      }
    }
    if (!this.#isStopped) this.#logTimer = clock.setTimeout(() => void this.#rotateLogs(), logCheckMs);
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
      const isKnown = (uid: string): boolean => this.#isStopped || this.#workers.has(uid) || this.#context.isBound(uid);
      if (runtime.usesHostFiles !== false) await removeForgottenFiles(this.#context, isKnown);
    } catch (error) {
      log.warn("looking for orphaned pods failed", { error });
    }
    if (!this.#isStopped) this.#timer = clock.setTimeout(() => void this.#keepHouse(), houseKeepingMs);
  }
}

/** The log file of a running container. */
function logPathOf(logDirectory: string, pod: Pod, { labels, annotations }: ContainerState): string {
  const name = labels[containerNameLabel] ?? "";
  return join(logDirectory, podLogDirectory(pod.metadata), name, `${restartCountOf(annotations)}.log`);
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
