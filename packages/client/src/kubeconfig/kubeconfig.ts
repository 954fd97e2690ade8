/** A kubeconfig file (`v1`, `Config`), of which unknown fields are kept. */
export interface Kubeconfig {
  apiVersion: string;
  kind: string;
  clusters: { name: string; cluster: KubeconfigCluster }[];
  contexts: { name: string; context: KubeconfigContext }[];
  "current-context": string;
  users: { name: string; user: KubeconfigUser }[];
  preferences?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface KubeconfigCluster {
  server?: string;
  "certificate-authority"?: string;
  /** Base64 of PEM; comes before the file. */
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
  [field: string]: unknown;
}

export interface KubeconfigContext {
  cluster: string;
  user: string;
  namespace?: string;
  [field: string]: unknown;
}

export interface KubeconfigUser {
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  token?: string;
  tokenFile?: string;
  [field: string]: unknown;
}

export interface BuildKubeconfigOptions {
  /** Of the cluster, and of the context unless `context` is given. */
  readonly name: string;
  readonly context?: string;
  /** Defaults to `name` + `-admin`. */
  readonly user?: string;
  readonly server: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  readonly namespace?: string;
}

/** A kubeconfig with one cluster, one user and one context, which is current; certificates are inside. */
export function buildKubeconfig(options: BuildKubeconfigOptions): Kubeconfig {
  const { name, context = name, user = `${name}-admin`, server, ca, cert, key, token, namespace } = options;
  const credentials: KubeconfigUser = {
    ...(cert === undefined ? {} : { "client-certificate-data": toBase64(cert) }),
    ...(key === undefined ? {} : { "client-key-data": toBase64(key) }),
    ...(token === undefined ? {} : { token }),
  };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { ...(ca === undefined ? {} : { "certificate-authority-data": toBase64(ca) }), server } }],
    contexts: [{ name: context, context: { cluster: name, ...(namespace === undefined ? {} : { namespace }), user } }],
    "current-context": context,
    users: [{ name: user, user: credentials }],
  };
}

/** `base` with the entries of `added`; those of the same name are replaced, and its current context becomes current. */
export function mergeKubeconfig(base: Kubeconfig, added: Kubeconfig): Kubeconfig {
  const current = added["current-context"] === "" ? base["current-context"] : added["current-context"];
  return {
    ...base,
    clusters: replaceByName(base.clusters, added.clusters),
    contexts: replaceByName(base.contexts, added.contexts),
    users: replaceByName(base.users, added.users),
    "current-context": current,
  };
}

/** `config` without what {@link buildKubeconfig} made under `name`; undoes a merge. */
export function removeFromKubeconfig(config: Kubeconfig, name: string): Kubeconfig {
  const contexts = config.contexts.filter(({ context }) => context.cluster !== name);
  const gone = config.contexts.filter(({ context }) => context.cluster === name);
  const orphans = new Set(gone.map(({ context }) => context.user).filter((user) => !contexts.some(({ context }) => context.user === user)));
  const isCurrentGone = gone.some((entry) => entry.name === config["current-context"]);
  return {
    ...config,
    clusters: config.clusters.filter((entry) => entry.name !== name),
    contexts,
    users: config.users.filter((entry) => !orphans.has(entry.name)),
    "current-context": isCurrentGone ? "" : config["current-context"],
  };
}

/** What is said first counts, as kubectl reads a `KUBECONFIG` list. */
export function combineKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const combined = emptyKubeconfig();
  for (const config of configs) {
    combined.clusters = replaceByName(config.clusters, combined.clusters);
    combined.contexts = replaceByName(config.contexts, combined.contexts);
    combined.users = replaceByName(config.users, combined.users);
    if (combined["current-context"] === "") combined["current-context"] = config["current-context"];
  }
  return combined;
}

export function emptyKubeconfig(): Kubeconfig {
  return { apiVersion: "v1", kind: "Config", clusters: [], contexts: [], "current-context": "", users: [] };
}

function replaceByName<T extends { name: string }>(base: readonly T[], added: readonly T[]): T[] {
  const names = new Set(added.map(({ name }) => name));
  return [...base.filter(({ name }) => !names.has(name)), ...added];
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
