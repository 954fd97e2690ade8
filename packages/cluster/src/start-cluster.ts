import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bootstrapRbac } from "@coracle/api";
import { createApiServer, type ApiServer, type OpenApiGenerator } from "@coracle/apiserver";
import { createDeferred, silentLogger, systemClock, systemRandom, type Clock, type Logger, type Random } from "@coracle/base";
import { hasReason, type KubeObject } from "@coracle/apimachinery";
import { resources } from "@coracle/api";
import { buildKubeconfig, formatKubeconfig } from "@coracle/client";
import { localPathManifests } from "@coracle/local-path-provisioner";
import { createMemoryStore, openEmbeddedStore, type Store } from "@coracle/storage";
import { frontProxyName, prepareCertificates, type ClusterCertificates } from "./certificates.ts";
import { chooseRuntime, type ChosenRuntime } from "./choose-runtime.ts";
import { createControlPlane, type ControlPlane } from "./control-plane.ts";
import { administrator, Clients } from "./identities.ts";
import { hostAddress, Nodes } from "./nodes.ts";
import type { Cluster, ClusterOptions } from "./options.ts";

export const serviceCidr = "10.96.0.0/12";
const firstServiceAddress = "10.96.0.1";

/**
 * Starts a whole cluster in this process and resolves when its nodes are Ready. What was started is stopped again when a later part fails.
 * @throws {ListenError} {@link StoreLockedError} {@link StoreDamagedError} {@link CertificatesDamagedError} {@link RuntimeUnavailableError} and the system's errors for files
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = new RunningCluster(options);
  try {
    await untilAborted(cluster.start(), options);
  } catch (error) {
    await cluster.stop().catch(() => undefined);
    throw error;
  }
  return cluster;
}

/** How long parts that are just starting may take to finish that, before they are stopped in the middle of it. */
const abortPatienceMs = 5000;

async function untilAborted(start: Promise<void>, { signal, clock = systemClock }: ClusterOptions): Promise<void> {
  if (signal === undefined) return start;
  const aborted = createDeferred<void>();
  const onAbort = (): void => aborted.resolve();
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([start, aborted.promise.then(() => clock.sleep(abortPatienceMs))]);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", onAbort);
    start.catch(() => undefined);
  }
}

interface Tools {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

class RunningCluster implements Cluster {
  readonly #options: ClusterOptions;
  readonly #tools: Tools;
  #store: Store | undefined;
  #server: ApiServer | undefined;
  #clients: Clients | undefined;
  #controlPlane: ControlPlane | undefined;
  #nodes: Nodes | undefined;
  #stopping: Promise<void> | undefined;
  runtime: ChosenRuntime = { name: "simulated", version: "", reason: "" };
  timings = { apiReadyMs: 0, nodesReadyMs: 0 };
  kubeconfig = "";

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#tools = { clock: options.clock ?? systemClock, random: options.random ?? systemRandom, log: options.log ?? silentLogger };
  }

  async start(): Promise<void> {
    const startMs = this.#tools.clock.monotonic();
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    this.runtime = await chooseRuntime(this.#options);
    // Real containers must reach the API; simulated ones need nothing but this machine's loopback.
    const nodeAddress = this.runtime.name === "containerd" ? hostAddress() : "127.0.0.1";
    this.#options.signal?.throwIfAborted();
    const preparing = this.#prepareCertificates(nodeAddress);
    // Whatever becomes of the certificates, a store that was opened gets closed.
    const [opened] = await Promise.allSettled([this.#openStore(), preparing]);
    if (opened.status === "rejected") throw opened.reason;
    const store = opened.value;
    this.#store = store;
    const certificates = await preparing;
    this.#options.signal?.throwIfAborted();
    const server = await this.#createServer(store, certificates, nodeAddress);
    this.#server = server;
    const clients = new Clients(server, this.#tools);
    this.#clients = clients;
    await server.start();
    this.kubeconfig = await this.#formatKubeconfig(server.url, certificates);
    this.#options.signal?.throwIfAborted();
    this.timings.apiReadyMs = this.#tools.clock.monotonic() - startMs;
    await this.#startParts(clients, server, { certificates, nodeAddress });
    this.timings.nodesReadyMs = this.#tools.clock.monotonic() - startMs;
    this.#tools.log.info("the cluster is ready", { url: server.url, ...this.timings });
  }

  get url(): string {
    return this.#server?.url ?? "";
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  get nodeNames(): readonly string[] {
    return this.#nodes?.names ?? [];
  }

  client(identity = administrator): ReturnType<Cluster["client"]> {
    if (this.#clients === undefined) throw new Error("the cluster is not started");
    return this.#clients.of(identity);
  }

  stop(options: { keepContainers?: boolean } = {}): Promise<void> {
    return (this.#stopping ??= this.#stop(options.keepContainers ?? false));
  }

  async #openStore(): Promise<Store> {
    const { directory, isEphemeral } = this.#options;
    const { clock, log } = this.#tools;
    return isEphemeral
      ? createMemoryStore({ clock })
      : openEmbeddedStore({ directory: join(directory, "store"), clock, log: log.with({ component: "store" }) });
  }

  #prepareCertificates(nodeAddress: string): Promise<ClusterCertificates> {
    const { directory, isEphemeral } = this.#options;
    const addresses = [...new Set(["127.0.0.1", "::1", firstServiceAddress, nodeAddress])];
    return prepareCertificates({ directory, isKept: !isEphemeral, clock: this.#tools.clock, addresses, nodeAddress });
  }

  #createServer(store: Store, certificates: ClusterCertificates, nodeAddress: string): Promise<ApiServer> {
    const { serving, kubeletClient, authority, frontProxy } = certificates;
    const isReachable = nodeAddress !== "127.0.0.1";
    const { admissionPlugins, compactionPeriodMs, runtimeConfig } = this.#options;
    return createApiServer({
      ...this.#tools,
      store,
      bootstrapRbac,
      openApi: loadOpenApi,
      certificates: { cert: serving.certificatePem, key: serving.privateKeyPem, clientCa: authority },
      serviceAccountKey: certificates.serviceAccountKey,
      listen: [{ host: isReachable ? "0.0.0.0" : "127.0.0.1", port: this.#options.port }],
      serviceCidr,
      ...(admissionPlugins !== undefined && { admissionPlugins }),
      ...(runtimeConfig !== undefined && { runtimeConfig }),
      ...(compactionPeriodMs !== undefined && { compactionPeriodMs }),
      advertiseAddress: nodeAddress,
      frontProxy: {
        ca: frontProxy.authority,
        allowedNames: [frontProxyName],
        certificate: { cert: frontProxy.client.certificatePem, key: frontProxy.client.privateKeyPem },
      },
      components: this.#componentChecks(),
      kubeletClient: { cert: kubeletClient.certificatePem, key: kubeletClient.privateKeyPem, ca: authority },
    });
  }

  #componentChecks(): ControlPlane["checks"] {
    const check = (name: keyof ControlPlane["checks"]) => () => {
      if (this.#controlPlane === undefined) throw new Error(`the ${name} does not run`);
      this.#controlPlane.checks[name]();
    };
    return { scheduler: check("scheduler"), "controller-manager": check("controller-manager") };
  }

  async #startParts(
    clients: Clients,
    server: ApiServer,
    context: { certificates: ClusterCertificates; nodeAddress: string },
  ): Promise<void> {
    const { name, directory, nodeCount = 1 } = this.#options;
    const { certificates, nodeAddress } = context;
    this.#controlPlane = createControlPlane({
      ...this.#tools,
      server,
      clients,
      rootCa: certificates.authority,
      volumes: { directory: join(directory, "volumes"), makesDirectories: this.runtime.name === "containerd" },
    });
    const { queues } = this.#controlPlane;
    server.showQueues(queues);
    this.#nodes = new Nodes({
      ...this.#tools,
      clusterName: name,
      directory,
      count: nodeCount,
      runtime: this.runtime,
      clients,
      certificates,
      nodeAddress,
    });
    await Promise.all([this.#applyManifests(clients), this.#controlPlane.start(), this.#nodes.start()]);
  }

  /** Makes what the cluster's own add-ons need, where it is missing. */
  async #applyManifests(clients: Clients): Promise<void> {
    const client = clients.of(administrator);
    const byKind = new Map(Object.values(resources).map((resource) => [resource.kind, resource]));
    await Promise.all(
      localPathManifests().map(async (manifest: KubeObject) => {
        const resource = byKind.get(manifest.kind);
        if (resource === undefined) throw new Error(`no resource serves ${manifest.kind}`);
        try {
          await client
            .resource<KubeObject>(resource as typeof resource & { objectType?: KubeObject }, manifest.metadata.namespace)
            .create(manifest);
        } catch (error) {
          if (!hasReason(error, "AlreadyExists")) throw error;
        }
      }),
    );
  }

  async #formatKubeconfig(server: string, { authority, admin }: ClusterCertificates): Promise<string> {
    const { name } = this.#options;
    const context = name === "default" ? "coracle" : `coracle-${name}`;
    return formatKubeconfig(
      buildKubeconfig({ name: context, server, ca: authority, cert: admin.certificatePem, key: admin.privateKeyPem }),
    );
  }

  async #stop(keepContainers: boolean): Promise<void> {
    await this.#nodes?.stop({ keepContainers });
    await this.#controlPlane?.stop();
    this.#clients?.[Symbol.dispose]();
    await this.#server?.stop();
    await this.#store?.[Symbol.asyncDispose]();
    this.runtime.machineLock?.[Symbol.dispose]();
  }
}

/** Loaded when somebody asks for a document. */
async function loadOpenApi(): Promise<OpenApiGenerator> {
  const { openApiV2, openApiV3, openApiV3Discovery } = await import("@coracle/api/openapi");
  return { v2: openApiV2, v3: openApiV3, v3Discovery: openApiV3Discovery };
}
