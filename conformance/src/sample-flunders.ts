import type { IncomingMessage, ServerResponse } from "node:http";

const apiVersion = "wardle.example.com/v1alpha1";

interface Flunder {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Record<string, unknown> & { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly spec?: { readonly flunderReference?: string };
}

/** A Status that is an answer. */
export class ApiFailure extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  status(): object {
    const { code, reason, message } = this;
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  }
}

export interface FlunderRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly query: URLSearchParams;
}

interface Watcher {
  readonly namespace: string | undefined;
  readonly response: ServerResponse;
}

/** Flunders in memory: get, list, watch, create, update, merge patch, delete. */
export class Flunders {
  readonly #stored = new Map<string, Flunder>();
  readonly #watchers = new Set<Watcher>();
  #revision = 1;

  async serve({ request, response, namespace, name, query }: FlunderRequest): Promise<void> {
    const reply = (code: number, value: unknown): void => {
      response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    switch (request.method) {
      case "GET":
        if (name !== undefined) return reply(200, this.#find(namespace, name));
        if (query.get("watch") === "true" || query.get("watch") === "1") return this.#watch({ namespace, response }, query);
        return reply(200, this.#list(namespace));
      case "POST":
        return reply(201, this.#create(namespace ?? "", await readJson<Flunder>(request)));
      case "PUT":
        return reply(200, this.#store("MODIFIED", { ...this.#find(namespace, name), ...(await readJson<Flunder>(request)) }));
      case "PATCH": {
        if (request.headers["content-type"] !== "application/merge-patch+json")
          throw new ApiFailure(415, "UnsupportedMediaType", "the body of the request was in an unknown format");
        return reply(200, this.#store("MODIFIED", merge(this.#find(namespace, name), await readJson(request)) as Flunder));
      }
      case "DELETE": {
        for (const each of name === undefined ? this.#list(namespace).items : [this.#find(namespace, name)]) this.#remove(each);
        return reply(200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
      }
      default:
        throw new ApiFailure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }
  }

  #find(namespace: string | undefined, name = ""): Flunder {
    const found = this.#stored.get(`${namespace}/${name}`);
    if (found === undefined) throw new ApiFailure(404, "NotFound", `flunders.wardle.example.com "${name}" not found`);
    return found;
  }

  #list(namespace: string | undefined): { kind: string; apiVersion: string; metadata: object; items: Flunder[] } {
    const items = [...this.#stored.values()].filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
    return { kind: "FlunderList", apiVersion, metadata: { resourceVersion: String(this.#revision) }, items };
  }

  #create(namespace: string, given: Flunder): Flunder {
    const { name } = given.metadata;
    if (this.#stored.has(`${namespace}/${name}`))
      throw new ApiFailure(409, "AlreadyExists", `flunders.wardle.example.com "${name}" already exists`);
    const creationTimestamp = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const metadata = { ...given.metadata, namespace, uid: crypto.randomUUID(), creationTimestamp };
    return this.#store("ADDED", { ...given, apiVersion, kind: "Flunder", metadata });
  }

  #store(type: string, flunder: Flunder): Flunder {
    const stored = { ...flunder, metadata: { ...flunder.metadata, resourceVersion: String(++this.#revision) } };
    this.#stored.set(`${stored.metadata.namespace}/${stored.metadata.name}`, stored);
    this.#tell(type, stored);
    return stored;
  }

  #remove(flunder: Flunder): void {
    this.#stored.delete(`${flunder.metadata.namespace}/${flunder.metadata.name}`);
    this.#tell("DELETED", { ...flunder, metadata: { ...flunder.metadata, resourceVersion: String(++this.#revision) } });
  }

  /** From the beginning unless a version is given, which is taken for the latest. */
  #watch(watcher: Watcher, query: URLSearchParams): void {
    const { namespace, response } = watcher;
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    if ((query.get("resourceVersion") ?? "0") === "0")
      for (const object of this.#list(namespace).items) response.write(`${JSON.stringify({ type: "ADDED", object })}\n`);
    this.#watchers.add(watcher);
    response.once("close", () => this.#watchers.delete(watcher));
  }

  #tell(type: string, object: Flunder): void {
    for (const { namespace, response } of this.#watchers)
      if (namespace === undefined || namespace === object.metadata.namespace) response.write(`${JSON.stringify({ type, object })}\n`);
  }
}

async function readJson<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as T;
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = typeof target === "object" && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
