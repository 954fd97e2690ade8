import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "@coracle/api";
import type { ResourceDefinition } from "@coracle/apimachinery";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import { equivalentSights, requestedSight } from "../matching/index.ts";
import { RequestMatcher, type Sights } from "./match.ts";
import { findParamResource, type ParamResource } from "./params.ts";

export type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;
export type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;

export interface Bound<B> {
  readonly binding: B;
  /** Undefined: all requests of the policy. */
  readonly matcher: RequestMatcher | undefined;
}

/** A policy that somebody bound. */
export interface Hook<P, B, E> {
  readonly policy: P;
  /** By name. */
  readonly bindings: readonly Bound<B>[];
  readonly matcher: RequestMatcher;
  /** What its expressions became. */
  readonly evaluator: E;
  /** Undefined without parameters. */
  readonly params: ParamResource | undefined;
  /** Why the policy cannot be used. */
  readonly problem: string | undefined;
}

export interface PolicySourceOptions<P, E> {
  /** Of policies and bindings, with the group. */
  readonly policies: string;
  readonly bindings: string;
  compile(policy: P): E;
}

/** What may have to be done about a kind of request. */
export interface Candidates<P, B, E> {
  readonly hooks: readonly Hook<P, B, E>[];
  readonly sights: Sights;
}

/** More kinds of requests than this are not remembered at a time. */
const rememberedLimit = 4096;

/** All policies that are bound, and for each kind of request those that may be about it. */
export class PolicySource<P extends Policy, B extends Binding, E> {
  readonly #environment: AdmissionEnvironment;
  readonly #options: PolicySourceOptions<P, E>;
  readonly #candidates = new Map<string, Candidates<P, B, E>>();
  #compiled = new Map<Readonly<P>, E>();
  #hooks: readonly Hook<P, B, E>[] | undefined;
  #definitions: readonly ResourceDefinition[] = [];

  constructor(environment: AdmissionEnvironment, options: PolicySourceOptions<P, E>) {
    this.#environment = environment;
    this.#options = options;
  }

  /** Policies or bindings have changed. */
  invalidate(): void {
    this.#hooks = undefined;
    this.#candidates.clear();
  }

  /** By name of policy. */
  candidatesFor(attributes: AdmissionAttributes): Candidates<P, B, E> {
    const definitions = this.#environment.resources();
    if (definitions !== this.#definitions) {
      this.#definitions = definitions;
      this.invalidate();
    }
    const { operation, served, subresource } = attributes;
    const { group, resource } = served.definition;
    const key = `${operation} ${group}/${served.version.version}/${resource}/${subresource}`;
    let candidates = this.#candidates.get(key);
    if (candidates === undefined) {
      if (this.#candidates.size >= rememberedLimit) this.#candidates.clear();
      const sights = { requested: requestedSight(attributes), equivalents: equivalentSights(definitions, attributes) };
      candidates = { sights, hooks: this.#allHooks().filter(({ matcher }) => matcher.mayMatch(operation, sights)) };
      this.#candidates.set(key, candidates);
    }
    return candidates;
  }

  #allHooks(): readonly Hook<P, B, E>[] {
    if (this.#hooks !== undefined) return this.#hooks;
    const bindings = new Map<string, B[]>();
    for (const object of this.#environment.list(this.#options.bindings, "")) {
      const binding = object as unknown as B;
      const policy = binding.spec?.policyName ?? "";
      bindings.set(policy, [...(bindings.get(policy) ?? []), binding]);
    }
    const policies = (this.#environment.list(this.#options.policies, "") as unknown as P[]).filter(({ metadata }) =>
      bindings.has(metadata.name ?? ""),
    );
    const compiled = new Map<Readonly<P>, E>();
    for (const policy of policies) compiled.set(policy, this.#compiled.get(policy) ?? this.#options.compile(policy));
    this.#compiled = compiled;
    return (this.#hooks = byName(policies).map((policy) => this.#hookOf(policy, bindings.get(policy.metadata.name ?? "") ?? [])));
  }

  #hookOf(policy: P, bindings: readonly B[]): Hook<P, B, E> {
    const { paramKind, matchConstraints = {} } = policy.spec ?? {};
    let params: ParamResource | undefined;
    let problem: string | undefined;
    try {
      params = paramKind === undefined ? undefined : findParamResource(paramKind, this.#definitions);
    } catch (error) {
      problem = (error as Error).message;
    }
    return {
      policy,
      bindings: byName(bindings).map((binding) => {
        const { matchResources } = binding.spec ?? {};
        return { binding, matcher: matchResources === undefined ? undefined : new RequestMatcher(matchResources) };
      }),
      matcher: new RequestMatcher(matchConstraints),
      evaluator: this.#compiled.get(policy) as E,
      params,
      problem,
    };
  }
}

function byName<T extends { readonly metadata: { readonly name?: string } }>(objects: readonly T[]): T[] {
  return [...objects].sort((left, right) => ((left.metadata.name ?? "") < (right.metadata.name ?? "") ? -1 : 1));
}
