import { hasReason } from "@coracle/apimachinery";
import { resources, type Pod, type PodStatus } from "@coracle/api";
import type { Client } from "@coracle/client";
import type { Clock, Logger } from "@coracle/base";
import { statusPatch } from "./conditions.ts";

export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Entry {
  pod: Pod;
  wanted: PodStatus;
  sent: PodStatus | undefined;
  writing: Promise<void> | undefined;
}

const retryPauseMs = 1000;

/** Writes pod statuses: only what changed, one request at a time for a pod, and the newest status only. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stopped = new AbortController();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Takes over a status; returns at once. */
  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid ?? "";
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      const fresh: Entry = { pod, wanted: status, sent: pod.status, writing: undefined };
      this.#entries.set(uid, fresh);
      this.#write(fresh);
      return;
    }
    entry.pod = pod;
    entry.wanted = status;
    if (entry.writing === undefined) this.#write(entry);
  }

  /** The status last handed in. */
  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.wanted;
  }

  /** Resolves when nothing of the pod waits to be written. */
  async flush(uid: string): Promise<void> {
    for (let entry = this.#entries.get(uid); entry?.writing !== undefined; entry = this.#entries.get(uid)) await entry.writing;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  stop(): void {
    this.#stopped.abort();
  }

  #write(entry: Entry): void {
    if (statusPatch(entry.sent, entry.wanted) === undefined) return;
    entry.writing = this.#drain(entry).finally(() => (entry.writing = undefined));
  }

  async #drain(entry: Entry): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#stopped.signal.aborted) {
      const status = entry.wanted;
      const patch = statusPatch(entry.sent, status);
      if (patch === undefined) return;
      try {
        entry.sent = (await this.#send(entry.pod, patch)).status ?? {};
        // What the server keeps may differ in defaults; compare the next status with what was asked for.
        entry.sent = status;
      } catch (error) {
        // NotFound: it is gone. Conflict: another pod has its name; or, with readiness gates, a condition changed and a new sync comes.
        if (hasReason(error, "NotFound", "Conflict", "Invalid", "Forbidden")) {
          if (!hasReason(error, "NotFound")) log.debug("pod status was not written", { pod: entry.pod.metadata.name, error });
          return;
        }
        log.warn("pod status was not written; trying again", { pod: entry.pod.metadata.name, error });
        await clock.sleep(retryPauseMs, this.#stopped.signal).catch(() => undefined);
      }
    }
  }

  #send(pod: Pod, patch: Record<string, unknown>): Promise<Pod> {
    const { name = "", namespace, uid, resourceVersion } = pod.metadata;
    // A merge patch replaces all conditions. Where others write conditions too, the write is made conditional.
    const isShared = "conditions" in patch && (pod.spec?.readinessGates ?? []).length > 0;
    const metadata = { uid, ...(isShared ? { resourceVersion } : {}) };
    const body = { metadata, status: patch };
    return this.#options.client
      .resource(resources.pods, namespace)
      .patch(name, body, { type: "application/merge-patch+json", subresource: "status" });
  }
}
