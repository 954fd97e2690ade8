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
export * from "./workqueue/rate-limiter.ts";
export { WorkQueue, type WorkQueueOptions } from "./workqueue/work-queue.ts";
export { atFieldPath, coreEvents, referenceTo, type CoreEvent, type ObjectReference } from "./events/event.ts";
export { createEventRecorder, type EventRecorderOptions, type QueuedEventRecorder } from "./events/recorder.ts";
export { createHttpsTransport, type HttpsTransport, type HttpsTransportOptions } from "./https/https-transport.ts";
export { methodOf, requestPath } from "./https/request-path.ts";
export * from "./kubeconfig/kubeconfig.ts";
export * from "./kubeconfig/load.ts";
export { leaseResource, type LeaseObject, type LeaseSpec } from "./leader/lease.ts";
export { runLeaderElection, type LeaderElectionOptions } from "./leader/leader-election.ts";
