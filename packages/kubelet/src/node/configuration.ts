/** What decides about the configuration that is told. */
export interface ConfiguredKubelet {
  readonly podCidr: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly server: { readonly port: number } | undefined;
  readonly resolvConf?: string;
}

/**
 * What `/configz` tells: the fields of KubeletConfiguration (`kubelet.config.k8s.io/v1beta1`) that this agent follows, with the values that
 * it follows them with. What it knows nothing of is left out.
 */
export function kubeletConfiguration(
  kubelet: ConfiguredKubelet,
  capacity: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const { podCidr, clusterDns, clusterDomain, server, resolvConf = "/etc/resolv.conf" } = kubelet;
  return {
    kind: "KubeletConfiguration",
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    enableServer: server !== undefined,
    ...(server !== undefined && { port: server.port }),
    authentication: { x509: {}, webhook: { enabled: true, cacheTTL: "2m0s" }, anonymous: { enabled: false } },
    authorization: { mode: "Webhook", webhook: { cacheAuthorizedTTL: "2m0s", cacheUnauthorizedTTL: "10s" } },
    clusterDomain,
    clusterDNS: clusterDns,
    nodeStatusReportFrequency: "5m0s",
    nodeLeaseDurationSeconds: 40,
    podCIDR: podCidr,
    maxPods: Number(capacity["pods"] ?? 110),
    resolvConf,
    containerLogMaxSize: "10Mi",
    containerLogMaxFiles: 5,
    crashLoopBackOff: { maxContainerRestartPeriod: "5m0s" },
  };
}
