import { randomUuid } from "@coracle/base";
import { newBadRequest, quoteText, StatusError } from "@coracle/apimachinery";
import type { WebhookPoster } from "../../webhook-client/index.ts";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import { admissionRequest, type AdmittedObjects } from "../matching/index.ts";
import { denied, WebhookCallError } from "./errors.ts";
import type { Candidate, Webhook } from "./hooks.ts";
import { admissionReview, decodeReview, readAnswer, reviewVersionOf, type ReviewAnswer } from "./review.ts";

export interface CallEnvironment {
  readonly environment: AdmissionEnvironment;
  readonly webhooks: WebhookPoster;
}

export interface Call {
  readonly attributes: AdmissionAttributes;
  readonly objects: AdmittedObjects;
  readonly candidate: Candidate;
  readonly isMutating: boolean;
  /** Of the whole request's. */
  readonly remainingMs: number;
}

const defaultTimeoutSeconds = 10;
const withoutSideEffects = ["None", "NoneOnDryRun"];

/**
 * Asks a webhook about a request and passes on its warnings and annotations. @throws {StatusError} when it says no or cannot do dry run,
 * {@link WebhookCallError} when it cannot be asked.
 */
export async function callWebhook({ environment, webhooks }: CallEnvironment, call: Call): Promise<ReviewAnswer> {
  const { attributes, candidate, isMutating, objects, remainingMs } = call;
  const { webhook } = candidate.hook;
  const { context } = attributes;
  checkDryRun(webhook, attributes);
  const version = reviewVersionOf(webhook.admissionReviewVersions);
  if (version === undefined) {
    const reason = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
    throw new WebhookCallError(webhook.name, `could not create admission objects: ${reason}`);
  }
  const uid = randomUuid(environment.random);
  const seen = await objects.seenAs(candidate.sight);
  const body = admissionReview(version, { uid, request: admissionRequest(attributes, candidate.sight), ...seen });
  const timeoutMs = Math.min((webhook.timeoutSeconds ?? defaultTimeoutSeconds) * 1000, remainingMs);
  const review = await webhooks
    .post(webhook.clientConfig, body, { timeoutMs, signal: context.signal })
    .then((answer) => decodeReview(version, answer))
    .catch((error: unknown) => {
      throw new WebhookCallError(webhook.name, `failed to call webhook: ${(error as Error).message}`, { cause: error });
    });
  const answer = readOrFail(webhook, () => readAnswer(version, uid, review, isMutating));
  for (const [key, value] of Object.entries(answer.auditAnnotations)) context.annotate?.(`${webhook.name}/${key}`, value);
  for (const warning of answer.warnings) context.warn(warning);
  if (!answer.isAllowed) throw denied(webhook.name, answer.result);
  return answer;
}

function checkDryRun({ name, sideEffects }: Webhook, { context, operation }: AdmissionAttributes): void {
  if (!context.isDryRun || operation === "CONNECT") return;
  if (!withoutSideEffects.includes(sideEffects)) throw newBadRequest(`admission webhook ${quoteText(name)} does not support dry run`);
}

function readOrFail<T>({ name }: Webhook, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw new WebhookCallError(name, `received invalid webhook response: ${(error as Error).message}`, { cause: error });
  }
}
