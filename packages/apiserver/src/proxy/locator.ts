import type { Random } from "@coracle/base";
import { newBadRequest, newInternalError, newServiceUnavailable, type KubeObject, type UnstructuredObject } from "@coracle/apimachinery";
import type { Node } from "@coracle/api";
import type { Registry, RequestContext } from "../registry/contract.ts";
import type { RequestInfo } from "../http/request-info.ts";
import { connectOptions } from "./connect-options.ts";
import { kubeletAddressOf } from "./kubelet-address.ts";
import { podNetworkAnnotation, type Tunnel } from "./pod-tunnel.ts";
import { chooseContainer, type ProxiedPod } from "./pod-container.ts";
import { checkProxyable, parseRequestName, portNumber } from "./request-name.ts";
import { serviceEndpoints, unavailable } from "./service-endpoint.ts";

/** Client certificate for kubelets, and who signs theirs; PEM. */
export interface KubeletClientTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Where a request goes on to. */
export interface Target {
  readonly protocol: "http:" | "https:";
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** The `Host` to ask for. Defaults to host and port. */
  readonly authority?: string;
  /** Present for kubelets. Others are not verified, as upstream does not: their certificates are their own affair. */
  readonly tls?: KubeletClientTls;
  /** How to get there when there is no network between: only kubelets reach simulated pods. */
  readonly tunnel?: Tunnel;
}

type PodAddress = Pick<Target, "host" | "port" | "tunnel">;

/** How kubelets call what clients of the API call otherwise. */
const streamParameters: Readonly<Record<string, string>> = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" };
const logParameters = ["follow", "tailLines", "previous", "timestamps", "sinceSeconds", "sinceTime", "limitBytes", "stream"];

export interface LocatorOptions {
  readonly registry: Registry;
  readonly random: Random;
  /** Without it, kubelets cannot be asked. */
  readonly kubelet?: KubeletClientTls;
}

/** Finds where requests to pods, nodes and services are answered. */
export class Locator {
  readonly #registry: Registry;
  readonly #random: Random;
  readonly #kubelet: KubeletClientTls | undefined;

  constructor({ registry, random, kubelet }: LocatorOptions) {
    this.#registry = registry;
    this.#random = random;
    this.#kubelet = kubelet;
  }

  /**
   * Asks admission first; reading a log is no connection. @throws {StatusError} when it refuses, when there is no such thing, or it is nowhere.
   * Undefined: a log of a pod that has no node yet.
   */
  async locate(context: RequestContext, info: RequestInfo): Promise<Target | undefined> {
    const { group, version, resource, namespace, subresource } = info;
    if (subresource !== "log") {
      const address = { group, version, resource, namespace, name: info.name, subresource };
      await this.#registry.admitConnection?.(context, address, connectOptions(info));
    }
    if (resource === "pods" && subresource !== "proxy") return this.#ofPod(context, info);
    return { ...(await this.#proxied(context, info)), path: pathOf(info) };
  }

  /** Whom a request to a `proxy` subresource is for. */
  async #proxied(context: RequestContext, { resource, namespace, name: text }: RequestInfo): Promise<Omit<Target, "path">> {
    const { scheme, name, port } = parseRequestName(text, resource.slice(0, -1));
    switch (resource) {
      case "pods": {
        const pod = await this.#get<ProxiedPod>(context, "pods", namespace, name);
        const first = pod.spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort;
        const number = port === "" ? (first ?? (scheme === "https:" ? 443 : 80)) : portNumber(port);
        return { protocol: scheme, ...(await this.#podAddress(context, pod, number)) };
      }
      case "services":
        return { protocol: scheme, ...(await this.#serviceAddress(context, namespace, { name, port, text })) };
      default: {
        const kubelet = await this.#kubeletOf(context, name);
        if (port === "" || portNumber(port) === kubelet.port) return kubelet;
        checkProxyable(kubelet.host);
        return { protocol: scheme, host: kubelet.host, port: portNumber(port) };
      }
    }
  }

  async #ofPod(context: RequestContext, { namespace, name, subresource, query }: RequestInfo): Promise<Target | undefined> {
    const pod = await this.#get<ProxiedPod>(context, "pods", namespace, name);
    const where = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
    const isForward = subresource === "portforward";
    const container = isForward ? "" : chooseContainer(pod, query.get("container") ?? "");
    const { nodeName = "" } = pod.spec ?? {};
    if (nodeName === "") {
      if (subresource === "log") return undefined;
      throw newBadRequest(`pod ${name} does not have a host assigned`);
    }
    const kubelet = await this.#kubeletOf(context, nodeName);
    if (isForward) return { ...kubelet, path: withQuery(`/portForward/${where}`, forwardQuery(query)) };
    const path = `${where}/${encodeURIComponent(container)}`;
    if (subresource === "log") return { ...kubelet, path: withQuery(`/containerLogs/${path}`, logQuery(query)) };
    return { ...kubelet, path: withQuery(`/${subresource}/${path}`, streamQuery(query)) };
  }

  async #kubeletOf(context: RequestContext, nodeName: string): Promise<Omit<Target, "path">> {
    const node = await this.#get<Node>(context, "nodes", "", nodeName);
    const found = kubeletAddressOf(node);
    if (found === undefined)
      throw newInternalError(new Error(`no preferred addresses found; known addresses: ${JSON.stringify(node.status?.addresses ?? [])}`));
    if (this.#kubelet === undefined) throw newServiceUnavailable("the API server has no client certificate for kubelets");
    // Kubelets that share a server are told apart by the name.
    return { protocol: "https:", ...found, authority: nodeName, tls: this.#kubelet };
  }

  async #podAddress(context: RequestContext, pod: ProxiedPod, port: number): Promise<PodAddress> {
    const host = pod.status?.podIP ?? "";
    const tunnel = await this.#tunnel(context, pod, port);
    if (tunnel === undefined || host === "") checkProxyable(host);
    return { host, port, ...(tunnel !== undefined && { tunnel }) };
  }

  async #serviceAddress(
    context: RequestContext,
    namespace: string,
    asked: { readonly name: string; readonly port: string; readonly text: string },
  ): Promise<PodAddress> {
    const source = { registry: this.#registry, random: this.#random };
    for (const { address, pod: name, port } of await serviceEndpoints(source, context, { namespace, ...asked })) {
      const pod = await this.#get<ProxiedPod>(context, "pods", namespace, name).catch(() => undefined);
      // An endpoint may say that it is a pod which it is not.
      if (pod?.status?.podIP === address || pod?.status?.podIPs?.some(({ ip }) => ip === address) === true)
        return { ...(await this.#podAddress(context, pod, port)), host: address };
    }
    throw unavailable(asked.text);
  }

  /** The way through the kubelet, for pods of nodes that say that there is no other. */
  async #tunnel(context: RequestContext, { metadata, spec }: ProxiedPod, port: number): Promise<Tunnel | undefined> {
    const { nodeName = "" } = spec ?? {};
    if (nodeName === "" || this.#kubelet === undefined) return undefined;
    const node = await this.#get<Node>(context, "nodes", "", nodeName).catch(() => undefined);
    const found = node?.metadata.annotations?.[podNetworkAnnotation] === "kubelet" ? kubeletAddressOf(node) : undefined;
    if (found === undefined) return undefined;
    const path = `/connect/${encodeURIComponent(metadata.namespace ?? "")}/${encodeURIComponent(metadata.name ?? "")}?port=${port}`;
    return { ...found, path, authority: nodeName, tls: this.#kubelet };
  }

  async #get<T extends KubeObject>(context: RequestContext, resource: string, namespace: string, name: string): Promise<T> {
    const address = { group: "", version: "v1", resource, namespace, name, subresource: "" };
    const { object } = await this.#registry.get(context, address, {});
    return object as Readonly<UnstructuredObject> as unknown as T;
  }
}

/** What follows `proxy`, with the query; a slash at the end stays. */
function pathOf({ path, trailingPath, query }: RequestInfo): string {
  const isFolder = trailingPath !== "" && path.endsWith("/");
  const segments = trailingPath.split("/").map(encodeSegment).join("/");
  return withQuery(`/${segments}${isFolder ? "/" : ""}`, query);
}

/** Characters that need no escape in paths have none, since not all servers undo it. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, (escape) => decodeURIComponent(escape));
}

function logQuery(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => logParameters.includes(name)));
}

function streamQuery(query: URLSearchParams): URLSearchParams {
  const translated = new URLSearchParams();
  for (const [name, value] of query) {
    if (name === "command") translated.append(name, value);
    else if (streamParameters[name] !== undefined && (value === "true" || value === "1")) translated.set(streamParameters[name], "1");
  }
  return translated;
}

function forwardQuery(query: URLSearchParams): URLSearchParams {
  const ports = query.getAll("ports").flatMap((value) => value.split(","));
  return new URLSearchParams(ports.map((port) => ["port", port]));
}

function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
