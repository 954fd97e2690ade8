/**
 * `metrics.k8s.io/v1beta1`, built in: `definitions` of what is served, `kubelet-reader` and `samples` (what kubelets say), `collector` (when
 * they are asked), `usage` (the difference of two looks), `sources` (the objects). It serves until somebody brings an APIService of the
 * same name with a service behind it, such as metrics-server.
 */
export { metricsDefinitions, metricsGroup, metricsVersion } from "./definitions.ts";
export { metricsReaderRole } from "./reader-role.ts";
export { ResourceMetrics } from "./resource-metrics.ts";
