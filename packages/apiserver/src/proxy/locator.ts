import { newBadRequest, newInternalError, newServiceUnavailable, type KubeObject, type UnstructuredObject } from "@coracle/apimachinery";
import type { Node } from "@coracle/api";
import type { Registry, RequestContext } from "../registry/contract.ts";
import type { RequestInfo } from "../http/request-info.ts";
import { connectOptions } from "./connect-options.ts";
import { kubeletAddressOf } from "./kubelet-address.ts";
import { podNetworkAnnotation, type Tunnel } from "./pod-tunnel.ts";
import { chooseContainer, type ProxiedPod } from "./pod-container.ts";

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

interface ProxiedEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
  readonly nodeName?: string;
  readonly targetRef?: { readonly kind?: string; readonly name?: string };
}

/** A pod on its node. */
interface PodPlace {
  readonly namespace: string;
  readonly name: string;
  readonly nodeName: string;
  readonly port: number;
}

interface ProxiedSlice extends KubeObject {
  readonly endpoints?: readonly ProxiedEndpoint[] | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

type PodAddress = Pick<Target, "host" | "port" | "tunnel">;

interface ProxiedService extends KubeObject {
  readonly spec?: { readonly ports?: readonly { readonly name?: string; readonly port: number }[] };
}

/** How kubelets call what clients of the API call otherwise. */
const streamParameters: Readonly<Record<string, string>> = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" };
const logParameters = ["follow", "tailLines", "previous", "timestamps", "sinceSeconds", "sinceTime", "limitBytes", "stream"];

/** Finds where requests to pods, nodes and services are answered. */
export class Locator {
  readonly #registry: Registry;
  readonly #kubelet: KubeletClientTls | undefined;

  constructor(registry: Registry, kubelet: KubeletClientTls | undefined) {
    this.#registry = registry;
    this.#kubelet = kubelet;
  }

  /**
   * Asks admission first; reading a log is no connection. @throws {StatusError} when it refuses, when there is no such thing, or it is nowhere.
   * Undefined: a log of a pod that has no node yet.
   */
  async locate(context: RequestContext, info: RequestInfo): Promise<Target | undefined> {
    const { group, version, resource, namespace, subresource, query } = info;
    if (subresource !== "log") {
      const address = { group, version, resource, namespace, name: info.name, subresource };
      await this.#registry.admitConnection?.(context, address, connectOptions(info));
    }
    if (resource === "pods" && subresource !== "proxy") return this.#ofPod(context, info);
    const { scheme, name, port } = splitName(info.name);
    const mark = query.size === 0 ? "" : `?${query.toString()}`;
    const path = `/${info.trailingPath.split("/").map(encodeURIComponent).join("/")}${mark}`;
    switch (resource) {
      case "pods":
        return { protocol: scheme, path, ...(await this.#podAddress(context, info.namespace, name, port)) };
      case "services":
        return { protocol: scheme, path, ...(await this.#serviceAddress(context, info.namespace, name, port)) };
      default: {
        const kubelet = await this.#kubeletOf(context, name);
        return port === "" ? { ...kubelet, path } : { protocol: scheme, host: kubelet.host, port: portNumber(port), path };
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

  async #podAddress(context: RequestContext, namespace: string, name: string, port: string): Promise<PodAddress> {
    const pod = await this.#get<ProxiedPod>(context, "pods", namespace, name);
    const host = pod.status?.podIP ?? "";
    if (host === "") throw newBadRequest("address not allowed");
    const first = pod.spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort ?? 80;
    const number = port === "" ? first : portNumber(port);
    return { host, port: number, ...(await this.#tunnel(context, { namespace, name, nodeName: pod.spec?.nodeName ?? "", port: number })) };
  }

  async #serviceAddress(context: RequestContext, namespace: string, name: string, port: string): Promise<PodAddress> {
    const service = await this.#get<ProxiedService>(context, "services", namespace, name);
    const ports = service.spec?.ports ?? [];
    const wanted = port === "" && ports.length === 1 ? ports[0] : ports.find((each) => each.name === port || String(each.port) === port);
    const unavailable = newServiceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
    if (wanted === undefined)
      throw newServiceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
    const address = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices", namespace, name: "", subresource: "" };
    const { items } = await this.#registry.list(context, address, {
      labelSelector: `kubernetes.io/service-name=${name}`,
      resourceVersion: "0",
    });
    for (const { object } of items as readonly { readonly object: unknown }[]) {
      const slice = object as ProxiedSlice;
      const number = slice.ports?.find((each) => (each.name ?? "") === (wanted.name ?? ""))?.port;
      const ready = slice.endpoints?.find((endpoint) => endpoint.conditions?.ready !== false);
      const host = ready?.addresses[0];
      if (number === undefined || host === undefined) continue;
      const { nodeName = "", targetRef } = ready ?? {};
      const pod = targetRef?.kind === "Pod" ? targetRef.name : undefined;
      const tunnel = pod === undefined ? {} : await this.#tunnel(context, { namespace, name: pod, nodeName, port: number });
      return { host, port: number, ...tunnel };
    }
    throw unavailable;
  }

  /** The way through the kubelet, for pods of nodes that say that there is no other. */
  async #tunnel(context: RequestContext, { namespace, name, nodeName, port }: PodPlace): Promise<{ tunnel?: Tunnel }> {
    if (nodeName === "" || this.#kubelet === undefined) return {};
    const node = await this.#get<Node>(context, "nodes", "", nodeName).catch(() => undefined);
    const found = node?.metadata.annotations?.[podNetworkAnnotation] === "kubelet" ? kubeletAddressOf(node) : undefined;
    if (found === undefined) return {};
    const path = `/connect/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?port=${port}`;
    return { tunnel: { ...found, path, authority: nodeName, tls: this.#kubelet } };
  }

  async #get<T extends KubeObject>(context: RequestContext, resource: string, namespace: string, name: string): Promise<T> {
    const address = { group: "", version: "v1", resource, namespace, name, subresource: "" };
    const { object } = await this.#registry.get(context, address, {});
    return object as Readonly<UnstructuredObject> as unknown as T;
  }
}

/** `https:name:port`, `name:port`, `name`. */
function splitName(text: string): { scheme: "http:" | "https:"; name: string; port: string } {
  const parts = text.split(":");
  if (parts.length === 3) return { scheme: parts[0] === "https" ? "https:" : "http:", name: parts[1] as string, port: parts[2] as string };
  const [name = "", port = ""] = parts;
  return { scheme: "http:", name, port };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw newBadRequest(`invalid port ${JSON.stringify(text)}`);
  return port;
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
