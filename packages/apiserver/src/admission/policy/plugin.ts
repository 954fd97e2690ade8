import type { Authorizer } from "../../authorization/attributes.ts";
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from "../admission.ts";
import { ConfigurationCount } from "../configuration-count.ts";
import { isExemptFromPolicies } from "./exempt.ts";

export interface PolicyPluginOptions {
  /** Of the variable `authorizer`. */
  readonly authorizer: Authorizer;
}

/** What judges requests by policies. */
export interface PolicyDispatcher {
  dispatch(attributes: AdmissionAttributes): Promise<void>;
  /** Policies or bindings have changed. */
  invalidate(): void;
}

const group = "admissionregistration.k8s.io";

/** MutatingAdmissionPolicy: changes objects as expressions say. */
export function mutatingPolicies({ authorizer }: PolicyPluginOptions): AdmissionPlugin {
  const lazy = new LazyDispatcher(["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"], async (environment) => {
    const { MutatingPolicyDispatcher } = await import("./mutating.ts");
    return new MutatingPolicyDispatcher(environment, authorizer);
  });
  return {
    name: "MutatingAdmissionPolicy",
    handles: (attributes, environment) => attributes.operation !== "DELETE" && lazy.handles(attributes, environment),
    mutate: (attributes, environment) => lazy.dispatch(attributes, environment),
  };
}

/** ValidatingAdmissionPolicy: refuses what expressions refuse. */
export function validatingPolicies({ authorizer }: PolicyPluginOptions): AdmissionPlugin {
  const lazy = new LazyDispatcher(["validatingadmissionpolicies", "validatingadmissionpolicybindings"], async (environment) => {
    const { ValidatingPolicyDispatcher } = await import("./validating.ts");
    return new ValidatingPolicyDispatcher(environment, authorizer);
  });
  return {
    name: "ValidatingAdmissionPolicy",
    handles: (attributes, environment) => lazy.handles(attributes, environment),
    validate: (attributes, environment) => lazy.dispatch(attributes, environment),
  };
}

/** Counts policies and bindings, and loads what applies them when there are both. */
class LazyDispatcher {
  readonly #create: (environment: AdmissionEnvironment) => Promise<PolicyDispatcher>;
  readonly #count: ConfigurationCount;
  #dispatcher: Promise<PolicyDispatcher> | undefined;
  #loaded: PolicyDispatcher | undefined;

  constructor(resources: readonly string[], create: (environment: AdmissionEnvironment) => Promise<PolicyDispatcher>) {
    this.#create = create;
    this.#count = new ConfigurationCount(
      resources.map((resource) => `${resource}.${group}`),
      () => this.#loaded?.invalidate(),
    );
  }

  handles(attributes: AdmissionAttributes, environment: AdmissionEnvironment): boolean {
    return this.#count.isPositive(environment) && !isExemptFromPolicies(attributes);
  }

  async dispatch(attributes: AdmissionAttributes, environment: AdmissionEnvironment): Promise<void> {
    this.#loaded ??= await (this.#dispatcher ??= this.#create(environment));
    await this.#loaded.dispatch(attributes);
  }
}
