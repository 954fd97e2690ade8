import { X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { RawApi } from "./api.ts";
import { documents } from "./sample-api-documents.ts";
import { Flunders, ApiFailure } from "./sample-flunders.ts";
import { makeCertificate } from "./webhook-server.ts";

/** Who asks, as the front proxy says. */
export interface SampleUser {
  readonly name: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** How a front proxy proves itself and names users: what `kube-system/extension-apiserver-authentication` says. */
interface FrontProxyRules {
  readonly ca: string;
  readonly allowedNames: readonly string[];
  readonly userHeader: string;
  readonly groupHeader: string;
  readonly extraPrefix: string;
}

export interface SampleApiServer extends AsyncDisposable {
  readonly port: number;
  /** PEM in base64, of the authority of its certificate. */
  readonly caBundle: string;
  /** Users whose requests were served, oldest first. */
  readonly users: readonly SampleUser[];
  /** Refuses connections until {@link SampleApiServer.start}. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * An extension API server as its authors write them: it serves `flunders` of `wardle.example.com/v1alpha1`, believes only the front proxy that
 * the cluster's ConfigMap names, and asks the cluster whether the user may (SubjectAccessReview).
 */
export async function startSampleApiServer(
  kubeconfig: string,
  { host = "127.0.0.1" }: { readonly host?: string } = {},
): Promise<SampleApiServer> {
  const server = new Sample(new RawApi(kubeconfig), host);
  await server.start();
  return server;
}

class Sample implements SampleApiServer {
  readonly users: SampleUser[] = [];
  readonly #api: RawApi;
  readonly #flunders = new Flunders();
  readonly #host: string;
  readonly #tls: ReturnType<typeof makeCertificate>;
  #server: Server | undefined;
  port = 0;

  constructor(api: RawApi, host: string) {
    this.#api = api;
    this.#host = host;
    this.#tls = makeCertificate(host, "DNS:sample-api.wardle.svc");
  }

  get caBundle(): string {
    return this.#tls.certificate.toString("base64");
  }

  async start(): Promise<void> {
    const rules = await this.#readRules();
    const tls = { cert: this.#tls.certificate, key: this.#tls.key, ca: rules.ca, requestCert: true, rejectUnauthorized: false };
    const server = createServer(tls, (request, response) => {
      this.#serve(request, response, rules).catch((error: unknown) => {
        const failure = error instanceof ApiFailure ? error : new ApiFailure(500, "InternalError", String(error));
        send(response, failure.code, failure.status());
      });
    });
    await new Promise<void>((resolve) => server.listen(this.port, this.#host, resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #readRules(): Promise<FrontProxyRules> {
    const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    const { value } = await this.#api.json<{ data: Record<string, string> }>("GET", path);
    const list = (key: string): string[] => JSON.parse(value.data[`requestheader-${key}`] ?? "[]") as string[];
    const first = (key: string): string => (list(key)[0] ?? "").toLowerCase();
    return {
      ca: value.data["requestheader-client-ca-file"] ?? "",
      allowedNames: list("allowed-names"),
      userHeader: first("username-headers"),
      groupHeader: first("group-headers"),
      extraPrefix: first("extra-headers-prefix"),
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse, rules: FrontProxyRules): Promise<void> {
    const user = userOf(request, rules);
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://sample");
    const document = documents(pathname);
    if (document !== undefined) return send(response, 200, document);
    const [, namespace, name] =
      /^\/apis\/wardle\.example\.com\/v1alpha1(?:\/namespaces\/([^/]+))?\/flunders(?:\/([^/]+))?$/.exec(pathname) ?? [];
    if (!pathname.includes("/flunders")) throw new ApiFailure(404, "NotFound", "the server could not find the requested resource");
    await this.#demand(user, verbOf(request.method ?? "GET", name, searchParams), namespace);
    this.users.push(user);
    await this.#flunders.serve({ request, response, namespace, name, query: searchParams });
  }

  async #demand({ name, groups }: SampleUser, verb: string, namespace = ""): Promise<void> {
    const spec = { user: name, groups, resourceAttributes: { group: "wardle.example.com", resource: "flunders", verb, namespace } };
    const review = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec };
    const { value } = await this.#api.json<{ status: { allowed: boolean } }>(
      "POST",
      "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      review,
    );
    if (!value.status.allowed)
      throw new ApiFailure(403, "Forbidden", `flunders.wardle.example.com is forbidden: User "${name}" cannot ${verb} flunders`);
  }
}

/** @throws {ApiFailure} 401 when the caller is not the front proxy. */
function userOf(request: IncomingMessage, { ca, allowedNames, userHeader, groupHeader, extraPrefix }: FrontProxyRules): SampleUser {
  const certificate = (request.socket as TLSSocket).getPeerX509Certificate();
  const isSigned = certificate?.verify(new X509Certificate(ca).publicKey) === true;
  const commonName = /^CN=(.*)$/m.exec(certificate?.subject ?? "")?.[1] ?? "";
  if (!isSigned || (allowedNames.length > 0 && !allowedNames.includes(commonName)))
    throw new ApiFailure(401, "Unauthorized", "Unauthorized");
  const values = (wanted: string): string[] => request.headersDistinct[wanted] ?? [];
  const extra = Object.keys(request.headersDistinct).filter((key) => key.startsWith(extraPrefix));
  return {
    name: values(userHeader)[0] ?? "",
    groups: values(groupHeader),
    extra: Object.fromEntries(extra.map((key) => [decodeURIComponent(key.slice(extraPrefix.length)), values(key)])),
  };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  if (method === "GET") return name !== undefined ? "get" : query.has("watch") ? "watch" : "list";
  if (method === "DELETE") return name === undefined ? "deletecollection" : "delete";
  return { POST: "create", PUT: "update", PATCH: "patch" }[method] ?? method.toLowerCase();
}

function send(response: ServerResponse, code: number, value: unknown): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
}
