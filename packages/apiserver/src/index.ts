/**
 * `@coracle/apiserver`: the API server. Read the folders in the order that a request passes them:
 *
 * `http/` (RequestInfo, negotiation, answers) → `authentication/` → `authorization/` → `registry/` (decode, convert, default, admit,
 * validate, store) → `cacher/` (watch cache). `direct/` is the other way in, for components of this process. Beside them:
 * `aggregator/` (other API servers behind this one), `discovery/`, `openapi/`, `health/`, `metrics/`, `proxy/` (logs, exec, port-forward), `apiextensions/` and `bootstrap/`.
 *
 * It answers to kube-apiserver 1.36, and does not speak protobuf, or call webhooks.
 */
export * from "./registry/contract.ts";
export { createApiServer, type ApiServerOptions } from "./create-api-server.ts";
export { PluginSelectionError, type PluginSelection, type PodSecurityOptions } from "./admission/index.ts";
export { assembleServer, type ApiServer, type FrontProxyOptions, type ServerOptions, type ServerParts } from "./server.ts";
export { ListenError, type ListenAddress, type ListenerTls } from "./http/listener.ts";
export type { NamedQueue } from "./metrics/work-queue-lines.ts";
export { versionInfo } from "./health/version.ts";
export { ServiceAccountTokens, type TokenSubject } from "./authentication/service-account-tokens.ts";
export type { StaticToken } from "./authentication/authenticator.ts";
export type { Authorization } from "./authorization/authorization.ts";
export type { EscalationCheck } from "./authorization/escalation.ts";
export type { KubeletClientTls } from "./proxy/locator.ts";
export type { OpenApiGenerator } from "./openapi/handler.ts";
