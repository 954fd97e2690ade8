import { createSocket, type RemoteInfo, type Socket as DatagramSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import type { Clock, Logger, Random } from "@coracle/base";
import { resources } from "@coracle/api";
import { createLifetime, type Client } from "@coracle/client";
import { decode, encode, streamDecode, type Answer, type DecodedPacket, type Packet, type Question } from "dns-packet";
import { serviceKeyOf } from "../proxy/service-proxy.ts";
import { forwardQuery } from "./forward.ts";
import { authorityOf, resolveChain, ttlSeconds, type Chain, type DnsAnswer, type ZoneSource } from "./records.ts";

export interface ClusterDnsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Where to listen; port 0 lets the system choose. */
  readonly host: string;
  readonly port: number;
  /** Defaults to `cluster.local`. */
  readonly zone?: string;
  /** Resolvers for every other name; none answers SERVFAIL. */
  readonly upstreams: readonly string[];
}

export interface ClusterDns {
  /** Resolves to the port, the same for UDP and TCP, when questions are answered. */
  start(): Promise<number>;
  stop(): Promise<void>;
}

const connectionLimit = 512;
const idleTimeoutMs = 10_000;
/** What fits into a datagram when the client does not say (RFC 1035). */
const plainDatagramBytes = 512;

/** Answers questions about services and pods from the API's objects, and forwards the rest. Answers to CoreDNS. */
export function createClusterDns(options: ClusterDnsOptions): ClusterDns {
  return new DnsServer(options);
}

class DnsServer implements ClusterDns {
  readonly #options: ClusterDnsOptions;
  readonly #zone: string;
  /** Rises with every start, as that of a zone must with its changes. */
  readonly #serial: number;
  readonly #stopped = createLifetime();
  readonly #connections = new Set<Socket>();
  #source: ZoneSource | undefined;
  #udp: DatagramSocket | undefined;
  #tcp: Server | undefined;

  constructor(options: ClusterDnsOptions) {
    this.#options = options;
    this.#zone = options.zone ?? "cluster.local";
    this.#serial = Math.floor(options.clock.now() / 1000);
  }

  async start(): Promise<number> {
    this.#source = await createZoneSource(this.#options.client, this.#zone, this.#stopped.signal);
    const tcp = createServer((socket) => this.#onConnection(socket));
    tcp.maxConnections = connectionLimit;
    this.#tcp = tcp;
    await listening(tcp, () => tcp.listen({ host: this.#options.host, port: this.#options.port }));
    const address = tcp.address();
    const port = typeof address === "object" && address !== null ? address.port : this.#options.port;
    const udp = createSocket("udp4");
    this.#udp = udp;
    udp.on("message", (message, remote) => void this.#onDatagram(message, remote));
    await listening(udp, () => udp.bind({ address: this.#options.host, port }));
    udp.on("error", (error) => this.#options.log.warn("the DNS socket failed", { error }));
    return port;
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error("the DNS server stops"));
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([
      new Promise<void>((resolve) => (this.#udp === undefined ? resolve() : this.#udp.close(() => resolve()))),
      new Promise<void>((resolve) => (this.#tcp === undefined ? resolve() : this.#tcp.close(() => resolve()))),
    ]);
  }

  async #onDatagram(message: Buffer, remote: RemoteInfo): Promise<void> {
    const query = tryDecode(message);
    if (query === undefined) return;
    const answer = await this.#answer(query, message, "udp");
    if (answer === undefined || this.#stopped.signal.aborted) return;
    const opt = query.additionals?.find((record) => record.type === "OPT");
    const limitBytes = opt?.type === "OPT" ? Math.max(plainDatagramBytes, Math.min(4096, opt.udpPayloadSize)) : plainDatagramBytes;
    const fitting = answer.length <= limitBytes ? answer : truncated(query);
    this.#udp?.send(fitting, remote.port, remote.address, () => undefined);
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    let pending = Buffer.alloc(0);
    socket
      .setTimeout(idleTimeoutMs, () => socket.destroy())
      .on("error", () => undefined)
      .on("close", () => this.#connections.delete(socket))
      .on("data", (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
          const frame = pending.subarray(0, 2 + pending.readUInt16BE(0));
          pending = pending.subarray(frame.length);
          void this.#onFrame(socket, frame);
        }
      });
  }

  async #onFrame(socket: Socket, frame: Buffer): Promise<void> {
    let query: Packet | null;
    try {
      query = streamDecode(frame);
    } catch {
      query = null;
    }
    if (query === null) {
      socket.destroy();
      return;
    }
    const answer = await this.#answer(query, frame.subarray(2), "tcp");
    if (answer === undefined || !socket.writable) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    socket.write(Buffer.concat([length, answer]));
  }

  /** The answer as a packet; undefined to stay silent. */
  async #answer(query: Packet, raw: Buffer, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    const question = query.questions?.[0];
    if (query.type !== "query" || question === undefined || this.#source === undefined) return undefined;
    const resolution = resolveChain(question.name, question.type, this.#zone, this.#source);
    if (resolution !== undefined) return this.#encode(query, question, resolution);
    const { upstreams, clock, log } = this.#options;
    try {
      return await forwardQuery(raw, { upstreams, transport, clock, signal: this.#stopped.signal });
    } catch (error) {
      log.debug("cannot forward a DNS question", { error });
      return encode({ type: "response", id: query.id ?? 0, flags: (1 << 7) | ((query.flags ?? 0) & (1 << 8)) | 2, questions: [question] });
    }
  }

  async #encode(query: Packet, question: Question, { rcode, answers, additionals, outside }: Chain): Promise<Buffer> {
    const records = answers.map(toRecord);
    if (outside !== undefined) records.push(...(await this.#addressesOf(outside, question.type)));
    const authority = toRecord(authorityOf(this.#zone, this.#serial));
    const isApex = question.name.toLowerCase().replace(/\.$/, "") === this.#zone;
    if (isApex && question.type === "SOA") records.push(authority);
    return encode({
      type: "response",
      id: query.id ?? 0,
      // Authoritative, recursion available, recursion desired as asked; the response code in the low bits.
      flags: (1 << 10) | (1 << 7) | ((query.flags ?? 0) & (1 << 8)) | (rcode === "NXDOMAIN" ? 3 : 0),
      questions: [question],
      answers: records,
      authorities: records.length === 0 ? [authority] : [],
      additionals: additionals.map(toRecord),
    });
  }

  /** What the resolvers outside say of the name that an ExternalName service leads to. */
  async #addressesOf(name: string, type: Question["type"]): Promise<Answer[]> {
    const { upstreams, clock, random, log } = this.#options;
    const id = Math.floor(random.next() * 0x1_0000);
    const query = encode({ type: "query", id, flags: 1 << 8, questions: [{ type, name }] });
    try {
      return decode(await forwardQuery(query, { upstreams, transport: "udp", clock, signal: this.#stopped.signal })).answers ?? [];
    } catch (error) {
      log.debug("cannot follow an external name", { name, error });
      return [];
    }
  }
}

function toRecord(answer: DnsAnswer): Answer {
  return { ...answer, ttl: ttlSeconds, class: "IN" } as Answer;
}

function truncated(query: Packet): Buffer {
  return encode({
    type: "response",
    id: query.id ?? 0,
    flags: (1 << 9) | (1 << 7) | ((query.flags ?? 0) & (1 << 8)),
    questions: query.questions ?? [],
  });
}

function tryDecode(message: Buffer): DecodedPacket | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

function listening(server: Server | DatagramSocket, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.removeListener("error", reject);
      resolve();
    });
    listen();
  });
}

/** The zone as a view of the informers' caches. */
async function createZoneSource(client: Client, zone: string, signal: AbortSignal): Promise<ZoneSource> {
  const namespaces = client.informer(resources.namespaces);
  const services = client.informer(resources.services);
  const slices = client.informer(resources.endpointSlices);
  slices.addIndex("service", (slice) => [serviceKeyOf(slice)]);
  slices.addIndex("address", (slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
  services.addIndex("clusterIP", (service) => service.spec?.clusterIPs ?? []);
  await Promise.all([namespaces, services, slices].map((informer) => informer.waitForSync(signal)));
  return {
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    hasNamespace: (namespace) => namespaces.get(namespace) !== undefined,
    slices: (serviceKey) => slices.byIndex("service", serviceKey),
    nameOf(address) {
      const service = services.byIndex("clusterIP", address)[0];
      if (service !== undefined) return `${service.metadata.name}.${service.metadata.namespace}.svc.${zone}`;
      const slice = slices.byIndex("address", address)[0];
      const endpoint = slice?.endpoints?.find((entry) => entry.addresses.includes(address));
      if (slice === undefined || endpoint === undefined) return undefined;
      const serviceName = slice.metadata.labels?.["kubernetes.io/service-name"] ?? "";
      return `${endpoint.hostname ?? address.replaceAll(".", "-")}.${serviceName}.${slice.metadata.namespace}.svc.${zone}`;
    },
  };
}
