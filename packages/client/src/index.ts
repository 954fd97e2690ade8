/**
 * `@coracle/client`: the one way to talk to a Kubernetes API.
 */
export * from "./transport.ts";
export * from "./informer.ts";
export * from "./client.ts";
export * from "./events.ts";
