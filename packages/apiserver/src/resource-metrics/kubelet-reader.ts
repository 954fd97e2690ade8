import { Agent, request } from "node:https";
import type { Clock } from "@coracle/base";
import type { Node } from "@coracle/api";
import { collectBody } from "../http/exchange.ts";
import { dialErrorText } from "../proxy/dial-error.ts";
import { kubeletAddressOf } from "../proxy/kubelet-address.ts";
import type { KubeletClientTls } from "../proxy/locator.ts";
import { readSamples, type NodeSamples } from "./samples.ts";

/** Where a node's figures are when its kubelet shares a server with others; metrics-server reads it too. */
const pathAnnotation = "metrics.k8s.io/resource-metrics-path";
const defaultPath = "/metrics/resource";
const timeoutMs = 10_000;
const limitBytes = 32 * 2 ** 20;

/** Reads what nodes use from their kubelets. */
export class KubeletReader implements Disposable {
  readonly #tls: KubeletClientTls;
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(tls: KubeletClientTls, clock: Clock) {
    this.#tls = tls;
    this.#clock = clock;
  }

  /** @throws when the kubelet does not answer in time, or not with figures. */
  async read(node: Readonly<Node>): Promise<NodeSamples> {
    const address = kubeletAddressOf(node);
    if (address === undefined) throw new Error("the node has no address");
    const path = node.metadata.annotations?.[pathAnnotation] ?? defaultPath;
    const aborter = new AbortController();
    using _timer = this.#clock.setTimeout(() => aborter.abort(), timeoutMs);
    const text = await this.#get({ ...address, path: path.startsWith("/") ? path : defaultPath }, aborter.signal);
    return readSamples(text, this.#clock.now());
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #get(target: { host: string; port: number; path: string }, signal: AbortSignal): Promise<string> {
    const { ca, cert, key } = this.#tls;
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...target, ca, cert, key, agent: this.#agent, signal }, (response) => {
        const { statusCode } = response;
        const body = collectBody(response, limitBytes, () => new Error("too long"));
        if (statusCode === 200) body.then((bytes) => resolve(bytes.toString()), reject);
        else body.then((bytes) => reject(new Error(`${statusCode} ${bytes.toString().slice(0, 200)}`)), reject);
      });
      outgoing.once("error", (error) => reject(new Error(dialErrorText(error, target), { cause: error })));
      outgoing.end();
    });
  }
}
