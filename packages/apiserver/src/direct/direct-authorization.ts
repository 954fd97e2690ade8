import { attributesFor, type Authorizer } from "../authorization/attributes.ts";
import { forbidden } from "../authorization/forbidden.ts";
import { mastersGroup } from "../authentication/users.ts";
import type { ResourceAddress, UserInfo } from "../registry/contract.ts";

/** Numbers the states of the rules: while it stays, decisions that were made hold. */
export interface Generation {
  readonly generation: number;
}

/**
 * Decides for one user, cheaply: remembers what they may do to a resource everywhere, which is what roles of components say, and asks in
 * full for the rest.
 */
export class DirectAuthorization {
  readonly #user: UserInfo;
  readonly #rbac: Authorizer;
  readonly #authorizer: Authorizer;
  readonly #generation: Generation;
  readonly #isMaster: boolean;
  #decidedAt = -1;
  readonly #everywhere = new Map<string, boolean>();

  /** `rbac` decides by roles alone; `authorizer` decides in full. */
  constructor(user: UserInfo, rbac: Authorizer, authorizer: Authorizer, generation: Generation) {
    this.#user = user;
    this.#rbac = rbac;
    this.#authorizer = authorizer;
    this.#generation = generation;
    this.#isMaster = user.groups.includes(mastersGroup);
  }

  /** @throws {StatusError} 403. */
  demand(verb: string, address: ResourceAddress): void {
    if (this.#isMaster || this.#mayEverywhere(verb, address)) return;
    const attributes = attributesFor(this.#user, { verb, ...address });
    const decision = this.#authorizer.authorize(attributes);
    if (decision.type !== "allow") throw forbidden(attributes, decision.reason);
  }

  #mayEverywhere(verb: string, { group, version, resource, subresource }: ResourceAddress): boolean {
    if (this.#decidedAt !== this.#generation.generation) {
      this.#everywhere.clear();
      this.#decidedAt = this.#generation.generation;
    }
    const key = `${verb} ${group}/${resource}/${subresource}`;
    let may = this.#everywhere.get(key);
    if (may === undefined) {
      // Without a name and a namespace only rules for all names, bound cluster-wide, can say yes.
      may = this.#rbac.authorize(attributesFor(this.#user, { verb, group, version, resource, subresource })).type === "allow";
      this.#everywhere.set(key, may);
    }
    return may;
  }
}
