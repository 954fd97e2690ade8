import { readFile } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import type { Clock, Random } from "@coracle/base";
import { createHttpsTransport, type HttpsTransport } from "../https/https-transport.ts";
import {
  combineKubeconfigs,
  emptyKubeconfig,
  mergeKubeconfig,
  type Kubeconfig,
  type KubeconfigCluster,
  type KubeconfigUser,
} from "./kubeconfig.ts";

/** A kubeconfig that cannot be used; the message says what to do. */
export class KubeconfigError extends Error {
  override readonly name = "KubeconfigError";
}

/** Where kubectl looks: the files of `KUBECONFIG`, else `.kube/config` in the home directory. */
export function kubeconfigPaths(environment: Readonly<Record<string, string | undefined>>, homeDirectory: string): string[] {
  const list = (environment.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  return list.length > 0 ? [...new Set(list)] : [join(homeDirectory, ".kube", "config")];
}

/** Reads and combines `paths`; files that do not exist are skipped. Relative paths inside a file become absolute. */
export async function loadKubeconfig(paths: readonly string[]): Promise<Kubeconfig> {
  const configs: Kubeconfig[] = [];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new KubeconfigError(`cannot read kubeconfig ${path}: ${error.message}`, { cause: error });
    });
    if (text !== undefined) configs.push(withAbsolutePaths(await parseKubeconfig(text, path), dirname(resolve(path))));
  }
  return combineKubeconfigs(configs);
}

/** `path` is for messages, which are one line. @throws {KubeconfigError} when the text is anything but a single kubeconfig. */
export async function parseKubeconfig(text: string, path = "kubeconfig"): Promise<Kubeconfig> {
  const { parse } = await import("yaml");
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const [firstLine = ""] = (error as Error).message.split("\n");
    throw new KubeconfigError(`${path} is not valid YAML: ${firstLine.replace(/:$/, "")}`, { cause: error });
  }
  if (value === null || value === undefined) return emptyKubeconfig();
  const config = value as Partial<Kubeconfig>;
  if (!isKubeconfig(config)) throw new KubeconfigError(`${path} is not a kubeconfig`);
  const empty = emptyKubeconfig();
  return {
    ...empty,
    ...config,
    clusters: config.clusters ?? [],
    contexts: config.contexts ?? [],
    users: config.users ?? [],
    "current-context": config["current-context"] ?? "",
  };
}

function isKubeconfig(config: Partial<Record<keyof Kubeconfig, unknown>>): config is Partial<Kubeconfig> {
  if (typeof config !== "object" || Array.isArray(config)) return false;
  const { kind = "Config", clusters, contexts, users } = config;
  return kind === "Config" && isNamedList(clusters) && isNamedList(contexts) && isNamedList(users);
}

function isNamedList(list: unknown): boolean {
  if (list === undefined || list === null) return true;
  return Array.isArray(list) && list.every((entry: unknown) => typeof (entry as { name?: unknown } | null)?.name === "string");
}

/** The YAML text of a kubeconfig. Write it with mode 0600: it holds credentials. */
export async function formatKubeconfig(config: Kubeconfig): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(config, { lineWidth: 0, indentSeq: false });
}

/**
 * {@link mergeKubeconfig} on file contents; an empty `base` is a file that does not exist yet. `path` names `base` in messages.
 * @throws {KubeconfigError} when `base` is anything but a kubeconfig: nothing in it must get lost.
 */
export async function mergeKubeconfigText(base: string, added: string, path?: string): Promise<string> {
  return formatKubeconfig(mergeKubeconfig(await parseKubeconfig(base, path), await parseKubeconfig(added)));
}

/** What a client needs to reach the cluster of a context. */
export interface ClusterAccess {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
  /** Read again before each request when it comes from a file. */
  readonly token?: string | (() => Promise<string>);
}

/** Resolves a context (the current one by default), reading certificate files. @throws {KubeconfigError} */
export async function resolveContext(config: Kubeconfig, contextName = config["current-context"]): Promise<ClusterAccess> {
  if (contextName === "") throw new KubeconfigError("the kubeconfig has no current context");
  const context = config.contexts.find(({ name }) => name === contextName)?.context;
  if (context === undefined) throw new KubeconfigError(`context "${contextName}" does not exist`);
  const cluster = config.clusters.find(({ name }) => name === context.cluster)?.cluster;
  if (cluster === undefined) throw new KubeconfigError(`cluster "${context.cluster}" does not exist`);
  if (cluster.server === undefined) throw new KubeconfigError(`cluster "${context.cluster}" has no server`);
  const user = config.users.find(({ name }) => name === context.user)?.user ?? {};
  const ca = await pem(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const cert = await pem(user["client-certificate-data"], user["client-certificate"]);
  const key = await pem(user["client-key-data"], user["client-key"]);
  const token = tokenOf(user);
  return {
    context: contextName,
    server: cluster.server,
    namespace: context.namespace ?? "default",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(cluster["tls-server-name"] === undefined ? {} : { serverName: cluster["tls-server-name"] }),
    ...(cluster["insecure-skip-tls-verify"] === true ? { insecureSkipVerify: true } : {}),
  };
}

/** The access that the current context (or `contextName`) of one file's content gives. @throws {KubeconfigError} */
export async function loadKubeconfigText(text: string, contextName?: string): Promise<ClusterAccess> {
  const config = await parseKubeconfig(text);
  return resolveContext(config, contextName ?? config["current-context"]);
}

/** A transport with the identity and address that a context gives. */
export function createTransportFor(access: ClusterAccess, options: { userAgent: string; clock: Clock; random: Random }): HttpsTransport {
  const { context: _context, namespace: _namespace, ...connection } = access;
  // Writing http:// into a kubeconfig is asking for it.
  return createHttpsTransport({ ...connection, ...options, allowInsecureHttp: true });
}

function tokenOf(user: KubeconfigUser): string | (() => Promise<string>) | undefined {
  const { tokenFile } = user;
  if (tokenFile === undefined) return user.token;
  return async () => (await readFile(tokenFile, "utf8")).trim();
}

async function pem(data: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (data !== undefined && data !== "") return Buffer.from(data, "base64").toString("utf8");
  if (path === undefined || path === "") return undefined;
  return readFile(path, "utf8").catch((error: Error) => {
    throw new KubeconfigError(`cannot read ${path}: ${error.message}`, { cause: error });
  });
}

function withAbsolutePaths(config: Kubeconfig, directory: string): Kubeconfig {
  const absolute = <T extends KubeconfigCluster | KubeconfigUser>(entry: T, ...fields: string[]): T => {
    const changed: KubeconfigCluster | KubeconfigUser = { ...entry };
    for (const field of fields) {
      const path = changed[field];
      if (typeof path === "string" && path !== "" && !isAbsolute(path)) changed[field] = join(directory, path);
    }
    return changed as T;
  };
  return {
    ...config,
    clusters: config.clusters.map((entry) => ({ ...entry, cluster: absolute(entry.cluster, "certificate-authority") })),
    users: config.users.map((entry) => ({ ...entry, user: absolute(entry.user, "client-certificate", "client-key", "tokenFile") })),
  };
}
