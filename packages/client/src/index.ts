/**
 * `@coracle/client`: the one way to talk to a Kubernetes API — what client-go is to Go programs. Of kinds it knows only Event and Lease.
 *
 * A {@link Transport} carries requests: {@link createHttpsTransport} over the network, the API server's own one inside its process, and
 * {@link createFakeTransport} in tests. {@link createClient} puts typed requests and shared informers on top. The rest is what programs
 * that keep something in a desired state need: {@link WorkQueue}, {@link createEventRecorder}, {@link runLeaderElection}, kubeconfig files.
 *
 * ```ts
 * const access = await resolveContext(await loadKubeconfig(kubeconfigPaths(process.env, homedir())));
 * const transport = createTransportFor(access, { userAgent: "example/1.0", clock: systemClock, random: systemRandom });
 * const client = createClient({ transport, clock: systemClock, log: silentLogger });
 * const pods = await client.resource(resources.pods, "default").list({ labelSelector: "app=web" });
 * ```
 */
export type { ApiRequest, PatchType, Transport, WatchEvent } from "./transport.ts";
export type {
  ApplyObject,
  Client,
  GetOptions,
  ListOptions,
  PatchOptions,
  ResourceClient,
  WatchListOptions,
  WriteOptions,
} from "./client.ts";
export { createClient, type ClientOptions } from "./create-client.ts";

export { createHttpsTransport, type HttpsTransport, type HttpsTransportOptions } from "./https/https-transport.ts";
export type { TlsOptions } from "./https/connection.ts";
export { methodOf, requestPath } from "./https/request-path.ts";

export type { Informer, InformerHandler } from "./informer.ts";
export { InformerCache } from "./informer/informer-cache.ts";
export { Reflector, type ReflectorOptions } from "./informer/reflector.ts";
export { createLifetime } from "./lifetime.ts";
export { EventChannel } from "./event-channel.ts";

export {
  createBucketLimiter,
  createControllerLimiter,
  createExponentialLimiter,
  createMaxOfLimiter,
  type RateLimiter,
} from "./workqueue/rate-limiter.ts";
export { QueueMetrics, queueBuckets, type Distribution } from "./workqueue/queue-metrics.ts";
export { WorkQueue, type WorkQueueOptions } from "./workqueue/work-queue.ts";

export type { EventRecorder } from "./events.ts";
export { atFieldPath, referenceTo } from "./events/event.ts";
export { createEventRecorder, type EventRecorderOptions, type QueuedEventRecorder } from "./events/recorder.ts";

export { runLeaderElection, type LeaderElectionOptions } from "./leader/leader-election.ts";

export {
  buildKubeconfig,
  combineKubeconfigs,
  emptyKubeconfig,
  mergeKubeconfig,
  removeFromKubeconfig,
  type BuildKubeconfigOptions,
  type Kubeconfig,
  type KubeconfigCluster,
  type KubeconfigContext,
  type KubeconfigUser,
} from "./kubeconfig/kubeconfig.ts";
export {
  createTransportFor,
  formatKubeconfig,
  KubeconfigError,
  kubeconfigPaths,
  loadKubeconfig,
  loadKubeconfigText,
  mergeKubeconfigText,
  parseKubeconfig,
  resolveContext,
  type ClusterAccess,
} from "./kubeconfig/load.ts";

export { createFakeTransport, type FakeTransport, type FakeTransportOptions } from "./fake/fake-transport.ts";
