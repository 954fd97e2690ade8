import { networkInterfaces } from "node:os";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Logger, Random } from "@coracle/base";
import { isConditionTrue } from "@coracle/apimachinery";
import { resources } from "@coracle/api";
import { createEventRecorder, type Client } from "@coracle/client";
import {
  createKubelet,
  createKubeletServer,
  createSimulatedRuntime,
  loadContainerd,
  loadStreaming,
  type Kubelet,
  type KubeletServer,
  type Runtime,
} from "@coracle/kubelet";
import {
  createClusterDns,
  createServiceProxy,
  parseResolvers,
  publishDnsService,
  type ClusterDns,
  type ServiceProxy,
} from "@coracle/network";
import type { ClusterCertificates } from "./certificates.ts";
import type { ChosenRuntime } from "./choose-runtime.ts";
import { kubernetesVersion } from "./version.ts";
import { administrator, nodeIdentity, proxyIdentity, type Clients } from "./identities.ts";

export interface NodesOptions {
  readonly clusterName: string;
  readonly directory: string;
  readonly count: number;
  readonly runtime: ChosenRuntime;
  readonly clients: Clients;
  readonly certificates: ClusterCertificates;
  readonly nodeAddress: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export const clusterDnsAddress = "10.96.0.10";
export const clusterDomain = "cluster.local";
/** Wide enough for a thousand nodes with 254 pods each. */
const simulatedClusterCidr = "10.244.0.0/14";
const containerdPodCidr = "10.244.0.0/24";

/** The address at which pods reach this machine: that of its first interface that is not the loopback. */
export function hostAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return addresses.find((entry) => entry.family === "IPv4" && !entry.internal)?.address ?? "127.0.0.1";
}

export function nodeNames(clusterName: string, count: number): string[] {
  const prefix = clusterName === "default" ? "coracle" : clusterName;
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

/** The node agents of this process, the server in front of them, and the network of real containers. */
export class Nodes {
  readonly names: readonly string[];
  readonly #options: NodesOptions;
  readonly #kubelets: Kubelet[] = [];
  readonly #runtimes: Runtime[] = [];
  readonly #recorders: { stop(): void }[] = [];
  #server: KubeletServer | undefined;
  #proxy: ServiceProxy | undefined;
  #dns: ClusterDns | undefined;

  constructor(options: NodesOptions) {
    this.#options = options;
    this.names = nodeNames(options.clusterName, options.count);
  }

  /** Resolves when every node is registered and Ready. */
  async start(): Promise<void> {
    const { certificates, clients, clock, log, nodeAddress, runtime } = this.#options;
    this.#server = createKubeletServer({
      kubelets: () => this.#kubelets,
      tls: { cert: certificates.kubeletServing.certificatePem, key: certificates.kubeletServing.privateKeyPem },
      clientCa: certificates.authority,
      clientNames: ["kube-apiserver-kubelet-client"],
      reviewer: clients.of(nodeIdentity(this.names[0] ?? "")),
      clock,
      log: log.with({ component: "kubelet-server" }),
      streaming: loadStreaming,
    });
    const port = await this.#server.listen(0, nodeAddress);
    const network = runtime.name === "containerd" ? this.#startNetwork() : undefined;
    await Promise.all([network, ...this.names.map((name, index) => this.#startNode(name, index, port))]);
  }

  async #startNode(nodeName: string, index: number, port: number): Promise<void> {
    const { clients, clock, random, directory, nodeAddress, runtime } = this.#options;
    const log = this.#options.log.with({ component: "kubelet", node: nodeName });
    const podCidr = runtime.name === "containerd" ? containerdPodCidr : `10.${244 + (index >> 8)}.${index & 255}.0/24`;
    const nodeRuntime =
      runtime.name === "containerd"
        ? await this.#connectContainerd(nodeName, podCidr, log)
        : createSimulatedRuntime({ clock, random, podCidr });
    this.#runtimes.push(nodeRuntime);
    const client = clients.of(nodeIdentity(nodeName));
    const events = createEventRecorder({ client, component: "kubelet", host: nodeName, clock, random, log });
    this.#recorders.push(events);
    const kubelet = createKubelet({
      nodeName,
      client,
      runtime: nodeRuntime,
      clock,
      random,
      log,
      events,
      rootDirectory: join(directory, "nodes", nodeName),
      nodeAddress,
      podCidr,
      clusterDns: [clusterDnsAddress],
      clusterDomain,
      server: { port },
      version: kubernetesVersion,
      // Nodes share a server; this is how metrics-server finds each one's part, as it does with KWOK.
      annotations:
        runtime.name === "simulated"
          ? {
              "metrics.k8s.io/resource-metrics-path": `/metrics/nodes/${nodeName}/metrics/resource`,
              "simulated.coracle.dev/pod-network": "kubelet",
            }
          : {},
      ...(runtime.name === "simulated" ? { capacity: { cpu: "16", memory: "64Gi", "ephemeral-storage": "100Gi", pods: "110" } } : {}),
    });
    this.#kubelets.push(kubelet);
    await kubelet.start();
  }

  async #connectContainerd(owner: string, podCidr: string, log: Logger): Promise<Runtime> {
    const { clock, runtime } = this.#options;
    const socketPath = runtime.socketPath ?? "";
    const { createCriRuntime, ensureCniConfig } = await loadContainerd();
    const { hasChanged } = await ensureCniConfig({ socketPath, clock, name: "coracle", podCidr });
    log.debug("pod network is configured", { hasChanged });
    return createCriRuntime({ socketPath, clock, log, owner });
  }

  /** Cluster IPs, node ports and names; only where there are real containers to use them. */
  async #startNetwork(): Promise<void> {
    const { clients, clock, random, log, nodeAddress, clusterName } = this.#options;
    this.#proxy = createServiceProxy({
      client: clients.of(proxyIdentity),
      clock,
      log: log.with({ component: "proxy" }),
      nodeName: this.names[0] ?? "",
      clusterCidr: containerdPodCidr,
      table: `coracle_${clusterName.replaceAll("-", "_")}`,
    });
    const upstreams = parseResolvers(await readFile("/etc/resolv.conf", "utf8").catch(() => ""));
    const admin = clients.of(administrator);
    this.#dns = createClusterDns({
      client: admin,
      clock,
      random,
      log: log.with({ component: "dns" }),
      host: nodeAddress,
      port: 0,
      zone: clusterDomain,
      upstreams,
    });
    const [port] = await Promise.all([this.#dns.start(), this.#proxy.start()]);
    await publishDnsService({ client: admin, clusterIP: clusterDnsAddress, host: nodeAddress, port });
  }

  /** Stops the agents; then, unless they are to go on, the containers, and takes the network away. */
  async stop({ keepContainers }: { keepContainers: boolean }): Promise<void> {
    await Promise.allSettled(this.#kubelets.map((kubelet) => kubelet.stop()));
    for (const recorder of this.#recorders) recorder.stop();
    await this.#server?.close();
    if (!keepContainers) await Promise.allSettled(this.#runtimes.map((runtime) => removeAllPods(runtime)));
    await Promise.allSettled([this.#dns?.stop(), this.#proxy?.stop()]);
    await Promise.allSettled(this.#runtimes.map((runtime) => runtime[Symbol.asyncDispose]()));
    const { runtime } = this.#options;
    if (runtime.name !== "containerd" || keepContainers) return;
    const { removeCniConfig } = await loadContainerd();
    await removeCniConfig({ socketPath: runtime.socketPath ?? "", name: "coracle" }).catch((error: unknown) =>
      this.#options.log.warn("cannot remove the pod network", { error }),
    );
  }

  /** The range of all pods of such a cluster. */
  get clusterCidr(): string {
    return this.#options.runtime.name === "containerd" ? containerdPodCidr : simulatedClusterCidr;
  }
}

const stopGraceSeconds = 5;

/** Ends every pod of a runtime: politely, then for good. */
async function removeAllPods(runtime: Runtime): Promise<void> {
  const containers = await runtime.listContainers();
  await Promise.allSettled(
    containers
      .filter((container) => container.state === "running")
      .map((container) => runtime.stopContainer(container.id, stopGraceSeconds)),
  );
  const sandboxes = await runtime.listPodSandboxes();
  await Promise.allSettled(
    sandboxes.map(async (sandbox) => {
      await runtime.stopPodSandbox(sandbox.id);
      await runtime.removePodSandbox(sandbox.id);
    }),
  );
}

export interface NodeReport {
  readonly name: string;
  readonly isReady: boolean;
  readonly version: string;
}

/** The nodes as the API knows them. */
export async function nodesOf(client: Client, signal?: AbortSignal): Promise<NodeReport[]> {
  const { items } = await client.resource(resources.nodes).list(signal === undefined ? {} : { signal });
  return items.map((node) => ({
    name: node.metadata.name ?? "",
    isReady: isConditionTrue(node.status?.conditions, "Ready"),
    version: node.status?.nodeInfo?.kubeletVersion ?? "",
  }));
}
