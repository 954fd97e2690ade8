import type { Clock, Random } from "@coracle/base";
import type { AdmissionEnvironment } from "../admission/admission.ts";
import type { Address } from "../aggregator/service-resolver.ts";
import type { WebhookClient } from "./webhook-client.ts";

export type WebhookPoster = Pick<WebhookClient, "post">;

export interface LazyWebhookClientOptions {
  /** Where services and their endpoints are looked up. */
  readonly lookup: () => Pick<AdmissionEnvironment, "get" | "indexed">;
  /** Where this server listens, which is what `default/kubernetes` stands for. */
  readonly ownAddress: () => Address;
  readonly clock: Clock;
  readonly random: Random;
}

/** The client of all webhooks of a server. Its code is loaded with the first call. */
export class LazyWebhookClient implements WebhookPoster, Disposable {
  readonly #options: LazyWebhookClientOptions;
  #client: Promise<WebhookClient> | undefined;

  constructor(options: LazyWebhookClientOptions) {
    this.#options = options;
  }

  async post(...call: Parameters<WebhookPoster["post"]>): Promise<unknown> {
    const client = await (this.#client ??= this.#create());
    return client.post(...call);
  }

  [Symbol.dispose](): void {
    void this.#client?.then((client) => client[Symbol.dispose]());
  }

  async #create(): Promise<WebhookClient> {
    const { lookup, ownAddress, clock, random } = this.#options;
    const { WebhookClient: Client } = await import("./webhook-client.ts");
    const { serviceLookup } = await import("./service-lookup.ts");
    const { ServiceResolver } = await import("../aggregator/service-resolver.ts");
    const resolver = new ServiceResolver(serviceLookup(lookup()), random, ownAddress);
    return new Client({ resolve: (target) => resolver.resolve(target), clock });
  }
}
