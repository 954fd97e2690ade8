import { deepEqual, cloneJson, newTimeout, StatusError } from "@coracle/apimachinery";
import type { AdmissionAttributes } from "../admission.ts";
import { AdmittedObjects } from "../matching/index.ts";
import type { Memory } from "../reinvocation.ts";
import { callWebhook, type CallEnvironment } from "./call.ts";
import { callFailed, WebhookCallError } from "./errors.ts";
import type { Candidate, HookSource } from "./hooks.ts";
import { requestLimitMs } from "./limits.ts";
import { applyAnswer } from "./patch-answer.ts";
import { isRelevant, type RelevanceEnvironment } from "./relevance.ts";

const pluginName = "MutatingAdmissionWebhook";

interface Run {
  readonly attributes: AdmissionAttributes;
  readonly objects: AdmittedObjects;
  readonly memory: Memory;
  readonly deadlineMs: number;
}

/** Asks the mutating webhooks about requests, one after the other, each about what the ones before made of the object. */
export class MutatingDispatcher {
  readonly #tools: CallEnvironment & RelevanceEnvironment;
  readonly #source: HookSource;

  constructor(tools: CallEnvironment & RelevanceEnvironment, source: HookSource) {
    this.#tools = tools;
    this.#source = source;
  }

  /** Changes `attributes.object`. @throws {StatusError} when a webhook refuses, or fails and its failure policy is Fail. */
  async dispatch(attributes: AdmissionAttributes): Promise<void> {
    const candidates = this.#source.candidatesFor(attributes);
    if (candidates.length === 0) return;
    const { reinvocation } = attributes;
    const memory = reinvocation.memoryOf(pluginName);
    if (reinvocation.isAgain && !deepEqual(memory.lastOutput, attributes.object)) memory.markDue();
    const { clock } = this.#tools.environment;
    const objects = new AdmittedObjects(attributes, { isMutating: true });
    const run = { attributes, objects, memory, deadlineMs: clock.monotonic() + requestLimitMs };
    for (const candidate of candidates) await this.#visit(run, candidate);
    memory.lastOutput = cloneJson(attributes.object);
  }

  async #visit(run: Run, candidate: Candidate): Promise<void> {
    const { attributes, objects, memory } = run;
    const { reinvocation } = attributes;
    const { hook } = candidate;
    if (!(await isRelevant(this.#tools, attributes, objects, candidate))) return;
    // What was not called in the first run is not called in the second either.
    if (reinvocation.isAgain && !memory.isDue(hook.id)) return;
    const isChanged = await this.#ask(run, candidate);
    if (isChanged) {
      memory.markDue();
      reinvocation.isWanted = true;
    }
    if (hook.webhook.reinvocationPolicy === "IfNeeded") memory.noteCalled(hook.id);
  }

  /** Whether the webhook changed the object. */
  async #ask({ attributes, objects, deadlineMs }: Run, candidate: Candidate): Promise<boolean> {
    const { hook, index } = candidate;
    const { context, reinvocation } = attributes;
    const { clock, log } = this.#tools.environment;
    const place = `round_${reinvocation.isAgain ? 1 : 0}_index_${index}`;
    let isChanged = false;
    try {
      const remainingMs = deadlineMs - clock.monotonic();
      if (remainingMs <= 0) throw newTimeout("request did not complete within requested timeout");
      const answer = await callWebhook(this.#tools, { attributes, objects, candidate, isMutating: true, remainingMs });
      isChanged = await applyAnswer({ attributes, objects, candidate, place }, answer);
    } catch (error) {
      if (error instanceof StatusError || !(error instanceof WebhookCallError)) throw error;
      const isIgnored = hook.webhook.failurePolicy === "Ignore";
      log.warn(isIgnored ? "failed calling webhook, failing open" : "failed calling webhook, failing closed", { error });
      if (!isIgnored) throw callFailed(error);
      context.annotate?.(`failed-open.mutation.webhook.admission.k8s.io/${place}`, hook.webhook.name);
      if (context.signal.aborted) throw newTimeout("request did not complete within requested timeout");
    } finally {
      const value = { configuration: hook.configuration, webhook: hook.webhook.name, mutated: isChanged };
      context.annotate?.(`mutation.webhook.admission.k8s.io/${place}`, JSON.stringify(value));
    }
    return isChanged;
  }
}
