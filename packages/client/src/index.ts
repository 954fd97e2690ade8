/**
 * `@coracle/client`: the one way to talk to a Kubernetes API.
 */
export * from "./transport.ts";
export * from "./informer.ts";
export * from "./client.ts";
export * from "./events.ts";
export { createClient, type ClientOptions } from "./create-client.ts";
export { InformerCache } from "./informer/informer-cache.ts";
export { Reflector, type ReflectorOptions } from "./informer/reflector.ts";
export { createFakeTransport, type FakeTransport, type FakeTransportOptions } from "./fake/fake-transport.ts";
