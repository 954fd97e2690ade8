import type { Clock, Logger, Random } from "@coracle/base";
import { createClient, type Client, type Transport } from "@coracle/client";
import type { ApiServer } from "@coracle/apiserver";
import type { Identity } from "./options.ts";

export const administrator: Identity = { name: "kubernetes-admin", groups: ["system:masters"] };
export const controllerManager: Identity = { name: "system:kube-controller-manager", groups: [] };
export const schedulerIdentity: Identity = { name: "system:kube-scheduler", groups: [] };
export const proxyIdentity: Identity = { name: "system:kube-proxy", groups: [] };

export const nodeIdentity = (nodeName: string): Identity => ({ name: `system:node:${nodeName}`, groups: ["system:nodes"] });

/** A service account of `kube-system`; controllers have one each, with upstream's names and rights. */
export const serviceAccount = (name: string): Identity => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system"],
});

/** Makes clients in this process and closes them together. */
export class Clients implements Disposable {
  readonly #server: ApiServer;
  readonly #tools: { clock: Clock; random: Random; log: Logger };
  readonly #clients: Client[] = [];

  constructor(server: ApiServer, tools: { clock: Clock; random: Random; log: Logger }) {
    this.#server = server;
    this.#tools = tools;
  }

  of(identity: Identity): Client {
    return this.#open(this.#server.directTransport(identity));
  }

  /** Writes with the rights of `identity`, reads caches with those of the controller manager, as upstream's controllers do. */
  ofController(identity: Identity): Client {
    const own = this.#server.directTransport(identity);
    const shared: Transport = this.#server.directTransport(controllerManager);
    return this.#open({
      request: (request) => own.request(request),
      watch: (request) => own.watch(request),
      ...(shared.informer === undefined ? {} : { informer: shared.informer.bind(shared) }),
    });
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.close();
  }

  #open(transport: Transport): Client {
    const client = createClient({ transport, ...this.#tools });
    this.#clients.push(client);
    return client;
  }
}
