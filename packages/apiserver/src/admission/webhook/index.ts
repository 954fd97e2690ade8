/**
 * MutatingAdmissionWebhook and ValidatingAdmissionWebhook. Webhooks are looked up by kind of request (hooks), sorted out by selectors and
 * conditions (relevance), asked with an AdmissionReview (call, review), one by one when they may change the object (mutating), all at
 * once otherwise (validating). Only the plug-ins themselves load with the server.
 */
export { mutatingWebhooks, validatingWebhooks, type WebhookPluginOptions } from "./plugin.ts";
