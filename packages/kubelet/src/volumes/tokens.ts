import type { Clock } from "@coracle/base";
import { parseTime, type KubeObject } from "@coracle/apimachinery";
import { resources, type Pod } from "@coracle/api";
import type { Client } from "@coracle/client";

interface TokenRequestObject extends KubeObject {
  spec: { audiences: string[]; expirationSeconds: number; boundObjectRef: { kind: string; apiVersion: string; name: string; uid: string } };
  status?: { token: string; expirationTimestamp: string };
}

interface CachedToken {
  readonly token: string;
  readonly refreshAtMs: number;
}

/** Service account tokens of pods, bound to them; asked for again when 80 % of their life or a day has passed. */
export class TokenSource {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, CachedToken>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async get(pod: Pod, request: { audience: string | undefined; expirationSeconds: number }): Promise<string> {
    const { name = "", uid = "", namespace } = pod.metadata;
    const account = pod.spec?.serviceAccountName || "default";
    const key = `${uid}/${request.audience ?? ""}/${request.expirationSeconds}`;
    const cached = this.#tokens.get(key);
    if (cached !== undefined && this.#clock.now() < cached.refreshAtMs) return cached.token;
    const body: TokenRequestObject = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: {
        audiences: request.audience === undefined || request.audience === "" ? [] : [request.audience],
        expirationSeconds: request.expirationSeconds,
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid },
      },
    };
    const issued = await this.#client.resource(resources.serviceAccounts, namespace).createSubresource(account, "token", body);
    const token = issued.status?.token ?? "";
    const lifeMs = parseTime(issued.status?.expirationTimestamp) - this.#clock.now();
    const refreshAtMs = this.#clock.now() + Math.min(0.8 * lifeMs, 24 * 3_600_000);
    this.#tokens.set(key, { token, refreshAtMs });
    return token;
  }

  forget(podUid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${podUid}/`)) this.#tokens.delete(key);
  }
}
