import type { MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration } from "@coracle/api";
import type { ResourceDefinition } from "@coracle/apimachinery";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import { equivalentSights, requestedSight, ruleMatches, Selectors, subjectOf, type Sight } from "../matching/index.ts";
import { MatchConditions } from "./match-conditions.ts";

export type Webhook = Pick<MutatingWebhook, "reinvocationPolicy"> & ValidatingWebhook;
type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

/** One webhook of a configuration, ready to be asked. */
export interface Hook {
  /** `configuration/webhook/0`; the number tells webhooks of one name apart. */
  readonly id: string;
  readonly configuration: string;
  readonly webhook: Webhook;
  readonly selectors: Selectors;
  readonly conditions: MatchConditions;
}

/** A webhook whose rules cover a request, and the name under which they do. */
export interface Candidate {
  readonly hook: Hook;
  /** Among all webhooks of the plug-in. */
  readonly index: number;
  readonly sight: Sight;
}

/** More kinds of requests than this are not remembered at a time. */
const rememberedLimit = 4096;

/** The webhooks of all configurations of one kind, by name of configuration, and for each kind of request those whose rules cover it. */
export class HookSource {
  readonly #environment: AdmissionEnvironment;
  readonly #resource: string;
  readonly #candidates = new Map<string, readonly Candidate[]>();
  #hooks: readonly Hook[] | undefined;
  #byConfiguration = new Map<Readonly<Configuration>, readonly Hook[]>();
  #definitions: readonly ResourceDefinition[] = [];

  /** `resource` is that of the configurations: `mutatingwebhookconfigurations.admissionregistration.k8s.io`. */
  constructor(environment: AdmissionEnvironment, resource: string) {
    this.#environment = environment;
    this.#resource = resource;
  }

  /** The configurations have changed. */
  invalidate(): void {
    this.#hooks = undefined;
    this.#candidates.clear();
  }

  /** Those whose rules cover the request, in the order in which they are called. */
  candidatesFor(attributes: AdmissionAttributes): readonly Candidate[] {
    const definitions = this.#environment.resources();
    if (definitions !== this.#definitions) {
      this.#definitions = definitions;
      this.#candidates.clear();
    }
    const { operation, served, subresource } = attributes;
    const { group, resource } = served.definition;
    const key = `${operation} ${group}/${served.version.version}/${resource}/${subresource}`;
    let candidates = this.#candidates.get(key);
    if (candidates === undefined) {
      if (this.#candidates.size >= rememberedLimit) this.#candidates.clear();
      candidates = this.#findCandidates(attributes);
      this.#candidates.set(key, candidates);
    }
    return candidates;
  }

  #findCandidates(attributes: AdmissionAttributes): Candidate[] {
    const requested = requestedSight(attributes);
    const equivalents = equivalentSights(this.#definitions, attributes);
    const candidates: Candidate[] = [];
    this.#allHooks().forEach((hook, index) => {
      const sight = sightFor(hook.webhook, attributes.operation, requested, equivalents);
      if (sight !== undefined) candidates.push({ hook, index, sight });
    });
    return candidates;
  }

  #allHooks(): readonly Hook[] {
    if (this.#hooks !== undefined) return this.#hooks;
    const configurations = [...this.#environment.list(this.#resource, "")] as unknown as Readonly<Configuration>[];
    configurations.sort((left, right) => ((left.metadata.name ?? "") < (right.metadata.name ?? "") ? -1 : 1));
    // Compiled conditions stay as long as their configuration does.
    this.#byConfiguration = new Map(configurations.map((each) => [each, this.#byConfiguration.get(each) ?? hooksOf(each)]));
    return (this.#hooks = [...this.#byConfiguration.values()].flat());
  }
}

function hooksOf({ metadata: { name = "" }, webhooks = [] }: Readonly<Configuration>): Hook[] {
  const counts = new Map<string, number>();
  return webhooks.map((webhook) => {
    const count = counts.get(webhook.name) ?? 0;
    counts.set(webhook.name, count + 1);
    const conditions = new MatchConditions(webhook.matchConditions ?? [], webhook.failurePolicy);
    return { id: `${name}/${webhook.name}/${count}`, configuration: name, webhook, selectors: new Selectors(webhook), conditions };
  });
}

/** The request's own name where a rule covers it, else the first equivalent that one covers; earlier rules come first. */
function sightFor(webhook: Webhook, operation: string, requested: Sight, equivalents: readonly Sight[]): Sight | undefined {
  const { rules = [], matchPolicy } = webhook;
  if (rules.some((rule) => ruleMatches(rule, subjectOf(operation, requested)))) return requested;
  if (matchPolicy !== "Equivalent") return undefined;
  for (const rule of rules) {
    const found = equivalents.find((sight) => ruleMatches(rule, subjectOf(operation, sight)));
    if (found !== undefined) return found;
  }
  return undefined;
}
