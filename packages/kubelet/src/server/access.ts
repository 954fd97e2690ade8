import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Clock } from "@coracle/base";
import { resources, type SubjectAccessReview, type TokenReview, type TokenReviewStatus } from "@coracle/api";
import type { Client } from "@coracle/client";
import { HttpError } from "./http-error.ts";

export interface AccessOptions {
  /** Common names of client certificates that may do everything. Defaults to all that the CA signed. */
  readonly clientNames?: readonly string[];
  /** Asks the API server who others are and what they may. Without it there are no others. */
  readonly reviewer?: Client;
  readonly clock: Clock;
}

type User = NonNullable<TokenReviewStatus["user"]>;

interface Question {
  readonly verb: string;
  readonly nodeName: string;
  /** One that is allowed is enough. */
  readonly subresources: readonly string[];
}

const verbs: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
const allowedMs = 2 * 60_000;
const deniedMs = 10_000;
const cacheLimit = 1000;

/**
 * Who may ask a kubelet for what: the API server by its certificate, others (metrics-server, Prometheus) by certificate or token if they
 * have rights on the node's subresources. As the kubelet with webhook authentication and authorization.
 */
export class AccessControl {
  readonly #options: AccessOptions;
  readonly #answers = new Map<string, { readonly untilMs: number; readonly answer: Promise<unknown> }>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** @throws {HttpError} 401, 403 */
  async check(request: IncomingMessage, pathname: string, nodeName: string): Promise<void> {
    const { clientNames, reviewer } = this.#options;
    const socket = request.socket as TLSSocket;
    const certificate = socket.authorized ? socket.getPeerCertificate() : undefined;
    const name = String(certificate?.subject?.CN ?? "");
    if (name !== "" && (clientNames?.includes(name) ?? true)) return;
    const certified = name === "" ? undefined : { username: name, groups: [certificate?.subject.O ?? []].flat() };
    if (reviewer === undefined) throw certified === undefined ? unauthorized() : new HttpError(403, `Forbidden (user=${name})`);
    const user = certified ?? (await this.#userOf(reviewer, request));
    await this.#demand(reviewer, user, { verb: verbs[request.method ?? "GET"] ?? "", nodeName, subresources: subresourcesOf(pathname) });
  }

  async #userOf(reviewer: Client, request: IncomingMessage): Promise<User> {
    const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw unauthorized();
    const digest = createHash("sha256").update(token).digest("hex");
    const status = await this.#remember(
      `token ${digest}`,
      async () => {
        const review = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec: { token } } as TokenReview;
        return (await reviewer.resource(resources.tokenReviews).create(review)).status;
      },
      (answer) => answer?.authenticated === true,
    );
    if (status?.authenticated !== true || status.user === undefined) throw unauthorized();
    return status.user;
  }

  async #demand(reviewer: Client, user: User, { verb, nodeName, subresources }: Question): Promise<void> {
    for (const subresource of subresources) {
      const { username, uid, groups, extra } = user;
      const spec = {
        user: username,
        groups,
        ...(uid !== undefined && { uid }),
        ...(extra !== undefined && { extra }),
        resourceAttributes: { verb, version: "v1", resource: "nodes", subresource, name: nodeName },
      };
      const isAllowed = await this.#remember(
        `access ${JSON.stringify(spec)}`,
        async () => {
          const review = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", metadata: {}, spec } as SubjectAccessReview;
          return (await reviewer.resource(resources.subjectAccessReviews).create(review)).status?.allowed ?? false;
        },
        Boolean,
      );
      if (isAllowed) return;
    }
    const list = `[${subresources.join(" ")}]`;
    throw new HttpError(403, `Forbidden (user=${user.username ?? ""}, verb=${verb}, resource=nodes, subresource(s)=${list})\n`);
  }

  /** Asks once for a while; failures are not kept. */
  async #remember<T>(key: string, ask: () => Promise<T>, isGood: (answer: T) => boolean): Promise<T> {
    const nowMs = this.#options.clock.monotonic();
    const known = this.#answers.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.answer as Promise<T>;
    if (this.#answers.size >= cacheLimit) this.#answers.clear();
    const answer = ask();
    this.#answers.set(key, { untilMs: nowMs + deniedMs, answer });
    try {
      const value = await answer;
      if (isGood(value)) this.#answers.set(key, { untilMs: nowMs + allowedMs, answer });
      return value;
    } catch (error) {
      this.#answers.delete(key);
      throw error;
    }
  }
}

function unauthorized(): HttpError {
  return new HttpError(401, "Unauthorized");
}

/** Which of a node's subresources a path is about; the finer ones first. */
function subresourcesOf(pathname: string): readonly string[] {
  const [first = ""] = pathname.split("/").slice(1);
  switch (first) {
    case "stats":
    case "metrics":
      return [first];
    case "logs":
      return ["log"];
    case "pods":
    case "runningpods":
      return ["pods", "proxy"];
    case "healthz":
    case "configz":
      return [first, "proxy"];
    default:
      return ["proxy"];
  }
}
