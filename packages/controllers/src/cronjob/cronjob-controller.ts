import { controllerReference, deepEqual, formatTime, hasReason, isControlledBy, isNamespaceTerminating } from "@coracle/apimachinery";
import { resources, type CronJob, type CronJobStatus, type Job } from "@coracle/api";
import { owned, watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { addOwnerIndexes, candidatesOf } from "../pod-control/owner-index.ts";
import { dueTime, manyMissed, untilNext } from "./due.ts";
import { beyondHistory, finishedAs } from "./history.ts";
import { parseSchedule, type Schedule } from "./schedule.ts";
import { createWallClock } from "./wall-clock.ts";

/** Starts Jobs at the times that CronJobs name, and removes old ones. Schedules without a time zone are in UTC. */
export function createCronJobController(context: ControllerContext): ControllerDefinition {
  const controller = new CronJobController(context);
  return {
    name: "cronjob-controller",
    concurrency: 5,
    sources: [watchFor(resources.cronJobs), owned(resources.jobs, resources.cronJobs)],
    reconcile: (key) => controller.reconcile(key),
  };
}

/** One look at a CronJob: its status as it is to become. */
interface Round {
  readonly cronJob: CronJob;
  status: CronJobStatus;
}

const docs = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/";

class CronJobController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    addOwnerIndexes(context.client.informer(resources.jobs));
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client } = this.#context;
    const cronJob = client.informer(resources.cronJobs).get(key);
    if (cronJob === undefined) return;
    const jobs = candidatesOf(client.informer(resources.jobs), cronJob).filter((job) => isControlledBy(job, cronJob));
    const round: Round = { cronJob, status: cronJob.status ?? {} };
    await this.#removeOld(cronJob, jobs);
    this.#observe(round, jobs);
    await this.#forgetMissing(round, jobs);
    let requeueAfterMs: number | undefined;
    try {
      if (cronJob.metadata.deletionTimestamp === undefined) requeueAfterMs = await this.#startDue(round);
    } finally {
      // What was observed and started is true, whatever failed later.
      if (!deepEqual(cronJob.status ?? {}, round.status)) await this.#writeStatus(round);
    }
    if (requeueAfterMs !== undefined) return { requeueAfterMs };
  }

  async #writeStatus({ cronJob, status }: Round): Promise<void> {
    await this.#context.client.resource(resources.cronJobs, cronJob.metadata.namespace).updateStatus({ ...cronJob, status });
  }

  async #removeOld(cronJob: CronJob, jobs: readonly Job[]): Promise<void> {
    const doomed = beyondHistory(cronJob, jobs).filter((job) => job.metadata.deletionTimestamp === undefined);
    await Promise.all(doomed.map((job) => this.#delete(cronJob, job.metadata.name ?? "", job.metadata.uid)));
  }

  async #delete(cronJob: CronJob, name: string, uid: string | undefined): Promise<void> {
    const { client, events } = this.#context;
    try {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      await client.resource(resources.jobs, cronJob.metadata.namespace).delete(name, { propagationPolicy: "Background", ...preconditions });
    } catch (error) {
      if (hasReason(error, "NotFound")) return;
      events.record(cronJob, "Warning", "FailedDelete", `Deleted job: ${(error as Error).message}`);
      throw error;
    }
    events.record(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
  }

  /** Takes finished Jobs off the list of active ones. */
  #observe(round: Round, jobs: readonly Job[]): void {
    const { events } = this.#context;
    const { cronJob } = round;
    for (const job of jobs) {
      const state = finishedAs(job);
      const isActive = round.status.active?.some(({ uid }) => uid === job.metadata.uid) === true;
      if (state === undefined) {
        if (!isActive) {
          const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`;
          events.record(cronJob, "Warning", "UnexpectedJob", message);
        }
        continue;
      }
      if (isActive) {
        round.status = withoutActive(round.status, job.metadata.uid);
        events.record(cronJob, "Normal", "SawCompletedJob", `Saw completed job: ${job.metadata.name}, condition: ${state}`);
      }
      const completed = state === "Complete" ? job.status?.completionTime : undefined;
      if (completed === undefined) continue;
      const last = round.status.lastSuccessfulTime;
      if (last === undefined || Date.parse(completed) > Date.parse(last)) round.status = { ...round.status, lastSuccessfulTime: completed };
    }
  }

  /** Takes Jobs off the list that somebody deleted. */
  async #forgetMissing(round: Round, jobs: readonly Job[]): Promise<void> {
    const { client, events } = this.#context;
    for (const { uid, name = "", namespace } of round.status.active ?? []) {
      if (jobs.some((job) => job.metadata.uid === uid)) continue;
      try {
        await client.resource(resources.jobs, namespace).get(name);
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error;
        events.record(round.cronJob, "Normal", "MissingJob", `Active job went missing: ${name}`);
        round.status = withoutActive(round.status, uid);
      }
    }
  }

  /** Starts what is due. Resolves to the milliseconds until the next time; undefined when only a change can make one. */
  async #startDue(round: Round): Promise<number | undefined> {
    const { clock, events } = this.#context;
    const { cronJob } = round;
    const schedule = cronJob.spec?.suspend === true ? undefined : this.#schedule(cronJob);
    if (schedule === undefined) return undefined;
    const nowMs = clock.now();
    let timeMs: number | undefined;
    try {
      const due = dueTime(cronJob, nowMs, schedule, { usesDeadline: true });
      timeMs = due.timeMs;
      const advice = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
      if (timeMs !== undefined && due.missed > manyMissed) events.record(cronJob, "Warning", "TooManyMissedTimes", advice);
    } catch (error) {
      events.record(cronJob, "Warning", "InvalidSchedule", `invalid schedule: ${cronJob.spec?.schedule} : ${(error as Error).message}`);
      return undefined;
    }
    if (timeMs !== undefined && this.#mayStart(round, timeMs, nowMs)) await this.#start(round, timeMs);
    return untilNext({ ...cronJob, status: round.status }, clock.now(), schedule);
  }

  #schedule(cronJob: CronJob): Schedule | undefined {
    const { events } = this.#context;
    const { schedule = "", timeZone } = cronJob.spec ?? {};
    try {
      createWallClock(timeZone ?? "");
    } catch {
      const zone = JSON.stringify(timeZone);
      events.record(cronJob, "Warning", "UnknownTimeZone", `invalid timeZone: ${zone}: unknown time zone ${timeZone}`);
      return undefined;
    }
    if (schedule.includes("TZ")) {
      const message = `CRON_TZ or TZ used in schedule ${JSON.stringify(schedule)} is not officially supported, see ${docs} for more details`;
      events.record(cronJob, "Warning", "UnsupportedSchedule", message);
    }
    try {
      return parseSchedule(schedule, timeZone);
    } catch (error) {
      const message = `unparseable schedule: ${JSON.stringify(schedule)} : ${(error as Error).message}`;
      events.record(cronJob, "Warning", "UnparseableSchedule", message);
      return undefined;
    }
  }

  #mayStart({ cronJob, status }: Round, timeMs: number, nowMs: number): boolean {
    const { events } = this.#context;
    const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec ?? {};
    if (startingDeadlineSeconds !== undefined && timeMs + startingDeadlineSeconds * 1000 < nowMs) {
      const time = new Date(timeMs).toUTCString().replace("GMT", "+0000");
      events.record(cronJob, "Warning", "MissSchedule", `Missed scheduled time to start a job: ${time}`);
      return false;
    }
    const wasStarted = status.active?.some(({ name }) => name === jobName(cronJob, timeMs)) === true;
    if (wasStarted || (status.lastScheduleTime !== undefined && Date.parse(status.lastScheduleTime) === timeMs)) return false;
    if (concurrencyPolicy !== "Forbid" || (status.active ?? []).length === 0) return true;
    const message = "Not starting job because prior execution is running and concurrency policy is Forbid";
    events.record(cronJob, "Normal", "JobAlreadyActive", message);
    return false;
  }

  async #start(round: Round, timeMs: number): Promise<void> {
    const { cronJob } = round;
    if (cronJob.spec?.concurrencyPolicy === "Replace") {
      for (const { name = "", uid } of round.status.active ?? []) {
        await this.#delete(cronJob, name, uid);
        round.status = withoutActive(round.status, uid);
      }
    }
    const job = await this.#create(cronJob, jobOf(cronJob, timeMs));
    const { name, namespace, uid, resourceVersion } = job.metadata;
    if (!isControlledBy(job, cronJob) || round.status.active?.some((entry) => entry.uid === uid) === true) return;
    const reference = { kind: "Job", namespace, name, uid, apiVersion: "batch/v1", resourceVersion };
    round.status = { ...round.status, active: [...(round.status.active ?? []), reference], lastScheduleTime: formatTime(timeMs) };
  }

  /** The name holds the time, so that nothing is started twice: a Job that is there already was forgotten before it was noted. */
  async #create(cronJob: CronJob, job: Job): Promise<Job> {
    const { client, events } = this.#context;
    const requests = client.resource(resources.jobs, cronJob.metadata.namespace);
    try {
      const created = await requests.create(job);
      events.record(cronJob, "Normal", "SuccessfulCreate", `Created job ${created.metadata.name}`);
      return created;
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) return requests.get(job.metadata.name ?? "");
      if (!isNamespaceTerminating(error))
        events.record(cronJob, "Warning", "FailedCreate", `Error creating job: ${(error as Error).message}`);
      throw error;
    }
  }
}

function withoutActive({ active = [], ...status }: CronJobStatus, uid: string | undefined): CronJobStatus {
  const left = active.filter((entry) => entry.uid !== uid);
  return left.length === 0 ? status : { ...status, active: left };
}

function jobName({ metadata }: CronJob, timeMs: number): string {
  return `${metadata.name}-${Math.floor(timeMs / 60_000)}`;
}

function jobOf(cronJob: CronJob, timeMs: number): Job {
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {};
  const scheduled = createWallClock(cronJob.spec?.timeZone ?? "").format(timeMs);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(cronJob, timeMs),
      ...(cronJob.metadata.namespace === undefined ? {} : { namespace: cronJob.metadata.namespace }),
      ...(metadata?.labels === undefined ? {} : { labels: { ...metadata.labels } }),
      annotations: { ...metadata?.annotations, "batch.kubernetes.io/cronjob-scheduled-timestamp": scheduled },
      ownerReferences: [controllerReference(cronJob)],
    },
    ...(spec === undefined ? {} : { spec: structuredClone(spec) }),
  };
}
