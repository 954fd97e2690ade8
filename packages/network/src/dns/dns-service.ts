import { resources } from "@coracle/api";
import type { Client } from "@coracle/client";

export interface DnsServiceOptions {
  readonly client: Client;
  /** The address pods are told: `10.96.0.10`. */
  readonly clusterIP: string;
  /** Where the server listens. */
  readonly host: string;
  readonly port: number;
}

/** Makes the Service `kube-dns` and its endpoints lead to the server. May be repeated. */
export async function publishDnsService({ client, clusterIP, host, port }: DnsServiceOptions): Promise<void> {
  const labels = { "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" };
  const fieldManager = "coracle-dns";
  const namespace = "kube-system";
  await client.resource(resources.services, namespace).apply(
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace, labels },
      spec: {
        clusterIP,
        ports: [
          { name: "dns", protocol: "UDP", port: 53, targetPort: port },
          { name: "dns-tcp", protocol: "TCP", port: 53, targetPort: port },
        ],
      },
    },
    { fieldManager, force: true },
  );
  await client.resource(resources.endpointSlices, namespace).apply(
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: "kube-dns",
        namespace,
        labels: { "kubernetes.io/service-name": "kube-dns", "endpointslice.kubernetes.io/managed-by": "coracle-dns" },
      },
      addressType: "IPv4",
      endpoints: [{ addresses: [host], conditions: { ready: true } }],
      ports: [
        { name: "dns", protocol: "UDP", port },
        { name: "dns-tcp", protocol: "TCP", port },
      ],
    },
    { fieldManager, force: true },
  );
}
