import type { WebhookPoster } from "../../webhook-client/index.ts";
import type { Authorizer } from "../../authorization/attributes.ts";
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from "../admission.ts";
import { ConfigurationCount } from "../configuration-count.ts";
import { isExempt } from "../matching/exempt.ts";
import type { HookSource } from "./hooks.ts";

export interface WebhookPluginOptions {
  readonly webhooks: WebhookPoster;
  /** Of match conditions. */
  readonly authorizer: Authorizer;
}

interface Dispatcher {
  dispatch(attributes: AdmissionAttributes): Promise<void>;
}

type CreateDispatcher = (environment: AdmissionEnvironment, source: HookSource) => Promise<Dispatcher>;

const group = "admissionregistration.k8s.io";

/** MutatingAdmissionWebhook: asks webhooks to change objects. */
export function mutatingWebhooks(options: WebhookPluginOptions): AdmissionPlugin {
  const lazy = new LazyDispatcher(`mutatingwebhookconfigurations.${group}`, async (environment, source) => {
    const { MutatingDispatcher } = await import("./mutating.ts");
    return new MutatingDispatcher({ environment, ...options }, source);
  });
  return {
    name: "MutatingAdmissionWebhook",
    handles: (attributes, environment) => lazy.handles(attributes, environment),
    mutate: (attributes, environment) => lazy.dispatch(attributes, environment),
  };
}

/** ValidatingAdmissionWebhook: asks webhooks whether requests may go on. */
export function validatingWebhooks(options: WebhookPluginOptions): AdmissionPlugin {
  const lazy = new LazyDispatcher(`validatingwebhookconfigurations.${group}`, async (environment, source) => {
    const { ValidatingDispatcher } = await import("./validating.ts");
    return new ValidatingDispatcher({ environment, ...options }, source);
  });
  return {
    name: "ValidatingAdmissionWebhook",
    handles: (attributes, environment) => lazy.handles(attributes, environment),
    validate: (attributes, environment) => lazy.dispatch(attributes, environment),
  };
}

/** Counts configurations, and loads what asks webhooks when there is one. */
class LazyDispatcher {
  readonly #resource: string;
  readonly #create: CreateDispatcher;
  readonly #count: ConfigurationCount;
  #source: HookSource | undefined;
  #dispatcher: Promise<Dispatcher> | undefined;

  constructor(resource: string, create: CreateDispatcher) {
    this.#resource = resource;
    this.#create = create;
    this.#count = new ConfigurationCount([resource], () => this.#source?.invalidate());
  }

  handles(attributes: AdmissionAttributes, environment: AdmissionEnvironment): boolean {
    return this.#count.isPositive(environment) && !isExempt(attributes);
  }

  async dispatch(attributes: AdmissionAttributes, environment: AdmissionEnvironment): Promise<void> {
    const dispatcher = await (this.#dispatcher ??= this.#load(environment));
    await dispatcher.dispatch(attributes);
  }

  async #load(environment: AdmissionEnvironment): Promise<Dispatcher> {
    const { HookSource: Source } = await import("./hooks.ts");
    this.#source = new Source(environment, this.#resource);
    return this.#create(environment, this.#source);
  }
}
