/**
 * `@coracle/testkit`: a cluster in a test. In process, in memory, with controllers, scheduler and simulated nodes, on a port of its own, so that
 * any number run side by side.
 *
 * ```ts
 * await using cluster = await startTestCluster();
 * await cluster.client.resource(resources.configMaps, "default").create(configMap);
 * ```
 */
export { startTestCluster, type TestCluster, type TestClusterOptions } from "./test-cluster.ts";
