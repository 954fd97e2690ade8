import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import type { Clock, Logger } from "@coracle/base";
import { resources, type EndpointSlice } from "@coracle/api";
import { createLifetime, type Client } from "@coracle/client";
import { computeRoutes, type ServiceRoute } from "./model.ts";
import { baseScript, buildRuleset, changeScript, emptyRuleset, type Ruleset } from "./ruleset.ts";

export interface ServiceProxyOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  /** The range of pod addresses: `10.244.0.0/16`. */
  readonly clusterCidr: string;
  /** Name of the nftables table; two clusters on one machine need two. */
  readonly table: string;
  /** Applies a script as one transaction. Defaults to `nft -f -`. */
  readonly applyScript?: (script: string) => Promise<void>;
}

export interface ServiceProxy {
  /** Resolves when the rules for what exists now are in force. @throws when nftables cannot be used. */
  start(): Promise<void>;
  /** Takes the table away. */
  stop(): Promise<void>;
}

/** How long after a change the rules follow, so that a burst of changes is one transaction. */
const settleMs = 10;
const retryMs = 1000;

/** Makes Services reachable at their cluster IPs and node ports, from the node and from its pods, with nftables. Answers to kube-proxy. */
export function createServiceProxy(options: ServiceProxyOptions): ServiceProxy {
  return new NftablesProxy(options);
}

class NftablesProxy implements ServiceProxy {
  readonly #options: ServiceProxyOptions;
  readonly #apply: (script: string) => Promise<void>;
  readonly #stopped = createLifetime();
  readonly #subscriptions: Disposable[] = [];
  #current: Ruleset = emptyRuleset;
  #routes: readonly ServiceRoute[] = [];
  #masqueradeAll = false;
  #timer: Disposable | undefined;
  #running: Promise<void> = Promise.resolve();
  #hasTable = false;

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.#apply = options.applyScript ?? runNft;
  }

  async start(): Promise<void> {
    const { client, table, clusterCidr } = this.#options;
    const services = client.informer(resources.services);
    const slices = client.informer(resources.endpointSlices);
    slices.addIndex("service", (slice) => [serviceKeyOf(slice)]);
    await Promise.all([services.waitForSync(this.#stopped.signal), slices.waitForSync(this.#stopped.signal)]);
    this.#masqueradeAll = !(await passesBridgedPackets());
    await allowForwarding();
    await this.#apply(baseScript(table, clusterCidr));
    this.#hasTable = true;
    await this.#sync();
    const onChange = (): void => this.#schedule(settleMs);
    const handler = { onAdd: (_object: unknown, isInitial: boolean) => isInitial || onChange(), onUpdate: onChange, onDelete: onChange };
    this.#subscriptions.push(services.subscribe(handler), slices.subscribe(handler));
    // What changed between the first rules and the subscriptions.
    onChange();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error("the service proxy stops"));
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    await this.#running.catch(() => undefined);
    if (this.#hasTable) await this.#apply(`delete table ip ${this.#options.table}\n`);
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#stopped.signal.aborted) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      // One transaction at a time: each is the difference to the one before.
      this.#running = this.#running
        .then(() => this.#sync())
        .catch((error: unknown) => {
          this.#options.log.error("cannot apply the service rules", { error });
          this.#schedule(retryMs);
        });
    }, delayMs);
  }

  async #sync(): Promise<void> {
    const { client, nodeName, table, clusterCidr } = this.#options;
    const slices = client.informer(resources.endpointSlices);
    const routes = computeRoutes(client.informer(resources.services).list(), (key) => slices.byIndex("service", key), { nodeName });
    const next = buildRuleset(routes, { clusterCidr, masqueradeAll: this.#masqueradeAll });
    const script = changeScript(table, this.#current, next);
    if (script === "") return;
    await this.#apply(script);
    const stale = staleUdpFlows(this.#routes, routes);
    this.#current = next;
    this.#routes = routes;
    await Promise.all(stale.map(forgetFlow));
  }
}

export function serviceKeyOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.["kubernetes.io/service-name"] ?? ""}`;
}

interface Flow {
  readonly address: string;
  readonly port: number;
  readonly endpoint: string;
}

/** UDP has no end of connection: flows to endpoints that are gone would go on for as long as the client sends. */
function staleUdpFlows(before: readonly ServiceRoute[], after: readonly ServiceRoute[]): Flow[] {
  const current = new Map(after.map((route) => [`${route.id}/${route.protocol}`, new Set(route.endpoints.map((endpoint) => endpoint.ip))]));
  return before
    .filter((route) => route.protocol === "udp")
    .flatMap((route) => {
      const kept = current.get(`${route.id}/${route.protocol}`);
      const gone = route.endpoints.filter((endpoint) => kept?.has(endpoint.ip) !== true);
      return gone.flatMap((endpoint) => route.addresses.map((address) => ({ address, port: route.port, endpoint: endpoint.ip })));
    });
}

function forgetFlow({ address, port, endpoint }: Flow): Promise<void> {
  const args = ["-D", "-p", "udp", "--orig-dst", address, "--orig-port-dst", String(port), "--dst-nat", endpoint];
  // Exit code 1 means that there was none; without the program flows end by themselves within minutes.
  return new Promise((resolve) => execFile("conntrack", args, { timeout: 5000 }, () => resolve()));
}

function runNft(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile("nft", ["-f", "-"], { timeout: 30_000, maxBuffer: 1024 * 1024 }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else
        reject(new Error(`nft refused the rules: ${stderr.trim().split("\n").slice(0, 3).join(" ") || error.message}`, { cause: error }));
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(script);
  });
}

/** Whether packets between pods on one bridge pass the IP hooks, which un-translate the answers of services. */
async function passesBridgedPackets(): Promise<boolean> {
  const file = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  try {
    if ((await readFile(file, "utf8")).trim() === "1") return true;
    await writeFile(file, "1");
    return true;
  } catch {
    return false;
  }
}

async function allowForwarding(): Promise<void> {
  const file = "/proc/sys/net/ipv4/ip_forward";
  if ((await readFile(file, "utf8")).trim() !== "1") await writeFile(file, "1");
}
