/**
 * Calls to webhooks: a JSON body posted over TLS to a URL or to whatever stands behind a Service, and the JSON that comes back. Knows nothing of
 * what the bodies mean; admission and the conversion of custom resources do. Answers to upstream's `util/webhook`.
 */
export { LazyWebhookClient, type LazyWebhookClientOptions, type WebhookPoster } from "./lazy-webhook-client.ts";
export type { PostOptions } from "./webhook-client.ts";
