import { X509Certificate } from "node:crypto";
import type { Clock, Logger } from "@coracle/base";
import { assert } from "@coracle/base";
import type { ConfigMap } from "@coracle/api";
import { deepEqual, hasReason, type ResourceType, type UnstructuredObject } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";
import type { FrontProxySettings } from "../authentication/front-proxy.ts";
import { createInternalContext } from "../authentication/internal-context.ts";
import type { Registry, ResourceAddress } from "../registry/contract.ts";
import { KeyedWork } from "./keyed-work.ts";

export interface AuthenticationConfigOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  /** PEM: who signs users' certificates. */
  readonly clientCa: string;
  readonly frontProxy: FrontProxySettings;
}

const configMapType: ResourceType<ConfigMap> = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", isNamespaced: true };
const namespace = "kube-system";
const name = "extension-apiserver-authentication";
const address: ResourceAddress = { group: "", version: "v1", resource: "configmaps", namespace, name, subresource: "" };

/**
 * Keeps the ConfigMap `kube-system/extension-apiserver-authentication`, from which extension API servers learn whose certificates prove
 * users, and who may speak for them. Servers of one cluster add to it, so what is there stays until it expires. Upstream's
 * cluster_authentication_trust_controller.
 */
export class AuthenticationConfig implements Disposable {
  readonly work: KeyedWork;
  readonly #options: AuthenticationConfigOptions;
  readonly #maps: Informer<ConfigMap>;
  #subscription: Disposable | undefined;

  constructor(options: AuthenticationConfigOptions) {
    const { registry, clock, log } = options;
    assert(registry.informer !== undefined, "the registry lends no informers");
    this.#options = options;
    this.#maps = registry.informer(configMapType);
    this.work = new KeyedWork({
      clock,
      log,
      name: "cluster_authentication_trust_controller",
      workers: 1,
      sync: () => this.publish(),
    });
  }

  /** Writes it again whenever somebody changes or deletes it. */
  start(): void {
    const look = ({ metadata }: ConfigMap): void => {
      if (metadata.name === name && metadata.namespace === namespace) this.work.add(name);
    };
    this.#subscription = this.#maps.subscribe({ onUpdate: look, onDelete: look });
    this.work.start();
  }

  /** Brings the ConfigMap up to date. @throws {StatusError} when it cannot be written. */
  async publish(): Promise<void> {
    const { registry, clock } = this.#options;
    const current = this.#maps.get(`${namespace}/${name}`);
    const data = combine(current?.data ?? {}, this.#options, clock.now());
    if (current !== undefined && deepEqual(current.data, data)) return;
    const context = createInternalContext();
    const base = current ?? { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } };
    const object = { ...base, data } as unknown as UnstructuredObject;
    try {
      if (current === undefined) await registry.create(context, { ...address, name: "" }, { type: "object", object });
      else await registry.update(context, address, { type: "object", object });
    } catch (error) {
      // Another server was faster: its write is an event for us.
      if (!hasReason(error, "AlreadyExists", "Conflict")) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#subscription?.[Symbol.dispose]();
    this.work[Symbol.dispose]();
  }
}

function combine(
  present: Readonly<Record<string, string>>,
  { clientCa, frontProxy }: AuthenticationConfigOptions,
  nowMs: number,
): Record<string, string> {
  const list = (key: string, ours: readonly string[]): string => JSON.stringify([...new Set([...readList(present[key]), ...ours])]);
  return {
    "client-ca-file": mergeCertificates(`${present["client-ca-file"] ?? ""}\n${clientCa}`, nowMs),
    "requestheader-allowed-names": list("requestheader-allowed-names", frontProxy.allowedNames),
    "requestheader-client-ca-file": mergeCertificates(`${present["requestheader-client-ca-file"] ?? ""}\n${frontProxy.ca}`, nowMs),
    "requestheader-extra-headers-prefix": list("requestheader-extra-headers-prefix", frontProxy.extraHeaderPrefixes),
    "requestheader-group-headers": list("requestheader-group-headers", frontProxy.groupHeaders),
    "requestheader-uid-headers": list("requestheader-uid-headers", frontProxy.uidHeaders),
    "requestheader-username-headers": list("requestheader-username-headers", frontProxy.usernameHeaders),
  };
}

/** What is no list is left out, and so replaced. */
function readList(text = ""): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

/** Every certificate once, without those whose time is over and what is none. */
function mergeCertificates(pem: string, nowMs: number): string {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const kept = new Map<string, string>();
  for (const block of blocks) {
    const certificate = parse(block);
    if (certificate !== undefined && Date.parse(certificate.validTo) > nowMs) kept.set(certificate.fingerprint256, certificate.toString());
  }
  return [...kept.values()].join("");
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
