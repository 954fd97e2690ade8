import { newServiceUnavailable } from "@coracle/apimachinery";
import type { ActionHandler } from "../registry/contract.ts";

/**
 * Handlers that exist before what they do: the registry wants them when it is made, but reviews ask the authorizer, which reads the
 * registry.
 */
export class LateActions {
  /** For the registry, by `resource.group` or `resource.group/subresource`. */
  readonly handlers: Readonly<Record<string, ActionHandler>>;
  #bound: ReadonlyMap<string, ActionHandler> = new Map();

  constructor(names: readonly string[]) {
    this.handlers = Object.fromEntries(
      names.map((name) => [name, (...request) => this.#run(name, ...request)] satisfies [string, ActionHandler]),
    );
  }

  bind(handlers: ReadonlyMap<string, ActionHandler>): void {
    this.#bound = handlers;
  }

  #run(name: string, ...request: Parameters<ActionHandler>): ReturnType<ActionHandler> {
    const handler = this.#bound.get(name);
    if (handler === undefined) throw newServiceUnavailable("the server is starting");
    return handler(...request);
  }
}

/** The actions that the server itself serves. */
export const serverActionNames: readonly string[] = [
  "selfsubjectaccessreviews.authorization.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
  "selfsubjectreviews.authentication.k8s.io",
  "tokenreviews.authentication.k8s.io",
  "serviceaccounts/token",
];
