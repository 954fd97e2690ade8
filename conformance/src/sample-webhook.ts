import { hostAddress } from "./host-address.ts";
import type { RawApi } from "./api.ts";
import { startWebhookServer, type Misbehaviour } from "./webhook-server.ts";

/** The part of an AdmissionReview that the answers below look at. */
export interface ReviewRequest {
  readonly uid: string;
  readonly operation: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly dryRun?: boolean;
  readonly object: Reviewed | null;
  readonly oldObject: Reviewed | null;
}

interface Reviewed {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name?: string; readonly labels?: Record<string, string> };
  readonly data?: Record<string, string>;
  readonly spec?: { readonly containers?: { name: string }[]; readonly initContainers?: { name: string }[] };
}

export interface ReviewResponse {
  readonly allowed: boolean;
  readonly status?: object;
  readonly patch?: unknown;
  readonly warnings?: string[];
  readonly auditAnnotations?: Record<string, string>;
}

export type Reviewer = (request: ReviewRequest) => ReviewResponse | Misbehaviour | Promise<ReviewResponse>;

export interface SampleWebhook extends AsyncDisposable {
  /** For a webhook that `path` answers. */
  clientConfig(path: string): object;
  /** As {@link clientConfig}, without the authority that signed. */
  distrusted(path: string): object;
  /** `<path> <operation> <resource>` of every review so far. */
  readonly log: string[];
}

/**
 * A webhook with one answer for each path, called through a Service of namespace `default` whose endpoint is this process. On a machine
 * without an address but its own, it is called by URL.
 */
export async function startSampleWebhook(api: RawApi, reviewers: Readonly<Record<string, Reviewer>>): Promise<SampleWebhook> {
  const log: string[] = [];
  const host = hostAddress();
  const server = await startWebhookServer(
    async (path, body) => {
      const { apiVersion, kind, request } = body as { apiVersion: string; kind: string; request: ReviewRequest };
      log.push(`${path} ${request.operation} ${request.resource.resource}`);
      const answer = await reviewers[path.slice(1)]?.(request);
      if (answer === undefined) throw new Error(`nothing answers ${path}`);
      if (typeof answer === "function") return answer;
      const { patch, ...rest } = answer;
      const patched = patch === undefined ? {} : { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
      return { apiVersion, kind, response: { uid: request.uid, ...rest, ...patched } };
    },
    { host: host ?? "127.0.0.1" },
  );
  const name = `webhook-${server.port}`;
  if (host !== undefined) await createService(api, { name, host, port: server.port });
  const at = (path: string): object =>
    host === undefined ? { url: `${server.url}/${path}` } : { service: { namespace: "default", name, port: 8443, path: `/${path}` } };
  return {
    clientConfig: (path) => ({ ...at(path), caBundle: server.caBundle }),
    distrusted: at,
    log,
    async [Symbol.asyncDispose]() {
      if (host !== undefined) await api.json("DELETE", `/api/v1/namespaces/default/services/${name}`);
      await server[Symbol.asyncDispose]();
    },
  };
}

async function createService(api: RawApi, { name, host, port }: { name: string; host: string; port: number }): Promise<void> {
  const create = async (path: string, object: object): Promise<void> => {
    const { code, value } = await api.json("POST", path, object);
    if (code !== 201) throw new Error(`POST ${path}: ${String(value["message"])}`);
  };
  await create("/api/v1/namespaces/default/services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ports: [{ port: 8443, targetPort: port }] },
  });
  await create("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: "", port, protocol: "TCP" }],
  });
}

export const allow: ReviewResponse = { allowed: true };

export function deny(message: string, reason?: string): ReviewResponse {
  return { allowed: false, status: { message, ...(reason !== undefined && { reason }) } };
}

const unwanted = "webhook-disallow";

/** What the official suite's webhooks answer. */
export const officialReviewers: Readonly<Record<string, Reviewer>> = {
  async pods({ object }) {
    if (object?.metadata.labels?.["webhook-e2e-test"] === "wait-forever")
      await new Promise((resolve) => setTimeout(resolve, 12_000).unref());
    const messages: string[] = [];
    if (object?.metadata.labels?.["webhook-e2e-test"] === unwanted) messages.push("the pod contains unwanted label");
    if (object?.spec?.containers?.some(({ name }) => name.includes(unwanted)) === true)
      messages.push("the pod contains unwanted container name");
    return messages.length === 0 ? allow : deny(`${messages.join("; ")};`);
  },
  attach: ({ operation, subResource, name }) =>
    operation === "CONNECT" && subResource === "attach" && name === "to-be-attached-pod"
      ? deny("attaching to pod 'to-be-attached-pod' is not allowed")
      : allow,
  configmaps: ({ object }) =>
    object?.data?.["webhook-e2e-test"] === unwanted ? deny("the configmap contains unwanted key and value") : allow,
  custom: ({ operation, object, oldObject }) =>
    (operation === "DELETE" ? oldObject : object)?.data?.["webhook-e2e-test"] === unwanted
      ? deny("the custom resource contains unwanted data")
      : allow,
  crd: ({ object }) => (object?.metadata.labels?.["webhook-e2e-test"] === unwanted ? deny("the crd contains unwanted label") : allow),
  "always-deny": () => deny("this webhook denies all requests"),
  async slow() {
    await new Promise((resolve) => setTimeout(resolve, 3000).unref());
    return allow;
  },
  "mutate-data": ({ object }) => {
    const stage = (before: string, after: string): object[] =>
      object?.data?.[before] === "yes" ? [{ op: "add", path: `/data/${after}`, value: "yes" }] : [];
    const patch = [...stage("mutation-start", "mutation-stage-1"), ...stage("mutation-stage-1", "mutation-stage-2")];
    return patch.length === 0 ? allow : { allowed: true, patch };
  },
  "mutate-pods": ({ object }) =>
    object?.spec?.initContainers !== undefined
      ? allow
      : {
          allowed: true,
          patch: [
            {
              op: "add",
              path: "/spec/initContainers",
              value: [{ image: "registry.example/init", name: "webhook-added-init-container", resources: {} }],
            },
          ],
        },
  "add-label": () => ({ allowed: true, patch: [{ op: "add", path: "/metadata/labels", value: { "added-label": "yes" } }] }),
};
