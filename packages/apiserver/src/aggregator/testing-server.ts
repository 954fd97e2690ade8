import { createServer, type Server } from "node:https";
import { request as httpsRequest } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { silentLogger, systemClock, systemRandom } from "@coracle/base";
import type { UnstructuredObject } from "@coracle/apimachinery";
import {
  createCertificateAuthority,
  dayMs,
  generateKeyPair,
  issueCertificate,
  privateKeyToPem,
  type CertificateAuthority,
  type IssuedCertificate,
} from "@coracle/certificates";
import { createMemoryStore, type Store } from "@coracle/storage";
import { createApiServer } from "../create-api-server.ts";
import type { ApiServer } from "../server.ts";

const validity = { notBeforeMs: systemClock.now() - dayMs, notAfterMs: systemClock.now() + dayMs };

export interface AggregatingServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly store: Store;
  readonly ca: string;
  readonly frontProxy: CertificateAuthority;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** Asks until the answer satisfies `isDone`. */
  until(path: string, isDone: (answer: Answer) => boolean): Promise<Answer>;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: unknown;
  /** Defaults to an administrator's token; empty for none. */
  readonly token?: string;
  readonly certificate?: Required<IssuedCertificate>;
}

export interface Answer {
  readonly code: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  // Tests read whatever they expect.
  readonly json: Record<string, never> & { readonly [key: string]: unknown };
}

export function issueFrom(
  authority: CertificateAuthority,
  commonName: string,
  more: { usages?: readonly ("client" | "server")[]; dnsNames?: readonly string[]; organizations?: readonly string[] } = {},
): Required<IssuedCertificate> {
  return issueCertificate(authority, { commonName, usages: ["client"], ...more, ...validity }) as Required<IssuedCertificate>;
}

/** A whole API server with built-in kinds that trusts a front proxy, for tests. */
export async function startAggregatingServer(store = createMemoryStore({ clock: systemClock })): Promise<AggregatingServer> {
  const authority = createCertificateAuthority({ commonName: "test-ca", ...validity });
  const frontProxy = createCertificateAuthority({ commonName: "test-front-proxy-ca", ...validity });
  const serving = issueCertificate(authority, {
    commonName: "kube-apiserver",
    usages: ["server"],
    ipAddresses: ["127.0.0.1"],
    ...validity,
  }) as Required<IssuedCertificate>;
  const client = issueFrom(frontProxy, "front-proxy-client");
  const server = await createApiServer({
    store,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    certificates: { cert: serving.certificatePem, key: serving.privateKeyPem, clientCa: authority.certificatePem },
    frontProxy: {
      ca: frontProxy.certificatePem,
      allowedNames: ["front-proxy-client"],
      certificate: { cert: client.certificatePem, key: client.privateKeyPem },
    },
    serviceAccountKey: privateKeyToPem(generateKeyPair().privateKey),
    staticTokens: [
      { token: "root", user: { name: "root", uid: "7", groups: ["system:masters"], extra: { "example.com/Scope": ["a", "b,c"] } } },
    ],
    listen: [{ host: "127.0.0.1", port: 0 }],
    serviceCidr: "10.96.0.0/16",
    advertiseAddress: "10.0.0.1",
    bootstrapRbac: () => [],
    openApi: async () => ({ v3: () => ({ openapi: "3.0.0", paths: {} }), v2: () => ({ swagger: "2.0", paths: {}, definitions: {} }) }),
  });
  await server.start();
  const ask = (path: string, options: AskOptions = {}): Promise<Answer> =>
    askServer(`${server.url}${path}`, authority.certificatePem, options);
  return {
    server,
    store,
    ca: authority.certificatePem,
    frontProxy,
    ask,
    async until(path, isDone) {
      for (let tries = 0; ; tries++) {
        const answer = await ask(path);
        if (isDone(answer)) return answer;
        if (tries > 200) throw new Error(`${path} stays ${answer.code} ${answer.text}`);
        await systemClock.sleep(20);
      }
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function askServer(
  url: string,
  ca: string,
  { method = "GET", headers = {}, body, token = "root", certificate }: AskOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = {
      ...(token !== "" && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    };
    const identity = certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.privateKeyPem };
    const request = httpsRequest(url, { ca, method, headers: all, agent: false, ...identity }, (response) => {
      let text = "";
      response.on("data", (piece: Buffer) => (text += piece.toString()));
      response.on("end", () => {
        const json = text.startsWith("{") ? (JSON.parse(text) as Answer["json"]) : ({} as Answer["json"]);
        resolve({ code: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    request.on("error", reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export interface ExtensionServer extends AsyncDisposable {
  readonly port: number;
  /** PEM of the authority of its certificate, in base64: a `caBundle`. */
  readonly caBundle: string;
  readonly requests: IncomingMessage[];
}

/** A server that stands for an extension API server: `answer` says what it does. It demands the front proxy's certificate. */
export async function startExtensionServer(
  frontProxyCa: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  more: { readonly dnsNames?: readonly string[]; readonly onUpgrade?: (request: IncomingMessage, socket: Socket) => void } = {},
): Promise<ExtensionServer> {
  const authority = createCertificateAuthority({ commonName: "extension-ca", ...validity });
  const serving = issueFrom(authority, "extension", { usages: ["server"], dnsNames: more.dnsNames ?? ["extension.default.svc"] });
  const requests: IncomingMessage[] = [];
  const server: Server = createServer(
    { cert: serving.certificatePem, key: serving.privateKeyPem, ca: frontProxyCa, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      requests.push(request);
      answer(request, response);
    },
  );
  const sockets = new Set<Socket>();
  server.on("secureConnection", (socket) => sockets.add(socket));
  if (more.onUpgrade !== undefined) server.on("upgrade", more.onUpgrade as never);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(authority.certificatePem).toString("base64"),
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An APIService `v1.example.com` that leads to a name outside; its Service is {@link externalService}. */
export function remoteService(port: number, spec: Record<string, unknown>): UnstructuredObject {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1.example.com" },
    spec: {
      group: "example.com",
      version: "v1",
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      service: { namespace: "default", name: "extension", port },
      ...spec,
    },
  };
}

export function externalService(name = "localhost"): UnstructuredObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "extension", namespace: "default" },
    spec: { type: "ExternalName", externalName: name },
  };
}
