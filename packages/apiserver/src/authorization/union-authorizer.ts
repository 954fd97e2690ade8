import { mastersGroup } from "../authentication/users.ts";
import type { Attributes, Authorizer, Decision } from "./attributes.ts";

/** Asks one authorizer after another until one has an opinion. Masters may do everything, before anybody is asked. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
  }

  authorize(attributes: Attributes): Decision {
    if (attributes.user.groups.includes(mastersGroup)) return { type: "allow", reason: "" };
    const reasons: string[] = [];
    for (const authorizer of this.#authorizers) {
      const decision = authorizer.authorize(attributes);
      if (decision.type !== "no-opinion") return decision;
      if (decision.reason !== "") reasons.push(decision.reason);
    }
    return { type: "no-opinion", reason: reasons.join(", ") };
  }
}
