/**
 * The aggregation layer: `api-service` and its strategy, `local-services` (APIServices of what this server serves), `availability` and
 * `remote-api` (those of others), `remote-proxy` (passing requests on), `remote-discovery` and `remote-openapi` (what the others say of
 * themselves), `authentication-config` (how they know users).
 */
export { Aggregator, type AggregatorOptions } from "./aggregator.ts";
export { apiServiceStrategy } from "./api-service-strategy.ts";
export { AuthenticationConfig, type AuthenticationConfigOptions } from "./authentication-config.ts";
export { localService } from "./local-services.ts";
export type { ProxyCertificate } from "./backend.ts";
export { builtInPriority, customPriority, type Priority } from "./priorities.ts";
export { RemoteDiscovery, type RemoteResources } from "./remote-discovery.ts";
export { RemoteOpenApi, type RemoteDocument } from "./remote-openapi.ts";
export type { RemoteApi } from "./remote-api.ts";
export { forwardToRemote, openUpgrade } from "./remote-proxy.ts";
