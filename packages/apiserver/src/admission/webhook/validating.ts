import { newTimeout, StatusError } from "@coracle/apimachinery";
import type { AdmissionAttributes } from "../admission.ts";
import { AdmittedObjects } from "../matching/index.ts";
import { callWebhook, type CallEnvironment } from "./call.ts";
import { callFailed, WebhookCallError } from "./errors.ts";
import type { Candidate, HookSource } from "./hooks.ts";
import { requestLimitMs } from "./limits.ts";
import { isRelevant, type RelevanceEnvironment } from "./relevance.ts";

const failedOpenPrefix = "failed-open.validating.webhook.admission.k8s.io/round_0_index_";

/** Asks the validating webhooks about requests, all that are meant at once. */
export class ValidatingDispatcher {
  readonly #tools: CallEnvironment & RelevanceEnvironment;
  readonly #source: HookSource;

  constructor(tools: CallEnvironment & RelevanceEnvironment, source: HookSource) {
    this.#tools = tools;
    this.#source = source;
  }

  /** @throws {StatusError} the refusal of the first webhook, in their order, that refuses. */
  async dispatch(attributes: AdmissionAttributes): Promise<void> {
    const candidates = this.#source.candidatesFor(attributes);
    if (candidates.length === 0) return;
    const objects = new AdmittedObjects(attributes, { isMutating: false });
    const relevant: Candidate[] = [];
    for (const candidate of candidates) {
      if (!(await isRelevant(this.#tools, attributes, objects, candidate))) continue;
      await objects.seenAs(candidate.sight);
      relevant.push(candidate);
    }
    if (relevant.length === 0) return;
    if (attributes.context.signal.aborted) throw newTimeout("request did not complete within requested timeout");
    const problems = await Promise.all(relevant.map((candidate, index) => this.#ask(attributes, objects, { candidate, index })));
    const [first] = problems.filter((problem) => problem !== undefined);
    if (first !== undefined) throw first;
  }

  async #ask(
    attributes: AdmissionAttributes,
    objects: AdmittedObjects,
    { candidate, index }: { candidate: Candidate; index: number },
  ): Promise<StatusError | undefined> {
    const { name, failurePolicy } = candidate.hook.webhook;
    const { log } = this.#tools.environment;
    try {
      await callWebhook(this.#tools, { attributes, objects, candidate, isMutating: false, remainingMs: requestLimitMs });
      return undefined;
    } catch (error) {
      if (error instanceof StatusError) return error;
      if (!(error instanceof WebhookCallError)) throw error;
      log.warn(failurePolicy === "Ignore" ? "failed calling webhook, failing open" : "failed calling webhook, failing closed", { error });
      if (failurePolicy !== "Ignore") return callFailed(error);
      attributes.context.annotate?.(`${failedOpenPrefix}${index}`, name);
      return undefined;
    }
  }
}
