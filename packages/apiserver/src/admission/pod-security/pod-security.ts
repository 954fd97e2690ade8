import { formatFieldError, newForbidden, newInternalError, newInvalid, quoteText, type UnstructuredObject } from "@coracle/apimachinery";
import type { Pod } from "@coracle/api";
import { isResource, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "../admission.ts";
import type { CheckedPod } from "./check.ts";
import { evaluatePod, formatDetails } from "./evaluate.ts";
import { warnAboutExisting } from "./existing-pods.ts";
import { checkedPodIn, isSignificantUpdate, workloads } from "./pod-specs.ts";
import {
  compareLevels,
  defaultPolicy,
  formatLevel,
  isEquivalent,
  isFullyPrivileged,
  isSameLevel,
  labelPrefix,
  modes,
  readPolicy,
  type LevelVersion,
  type Policy,
} from "./policy.ts";

export interface PodSecurityOptions {
  /** For namespaces whose labels say nothing. Defaults to privileged, latest, for each mode. */
  readonly defaults?: Policy;
  /** Who and what passes unseen. Defaults to nobody and nothing. */
  readonly exemptions?: {
    readonly usernames?: readonly string[];
    readonly namespaces?: readonly string[];
    readonly runtimeClasses?: readonly string[];
  };
}

/** These do not change what a pod may do. */
const harmlessSubresources = new Set(["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"]);

/** The Pod Security Standards (KEP-2579), as namespaces' labels choose them: refused for pods, warned of for workloads. */
export function createPodSecurity(options: PodSecurityOptions = {}): AdmissionPlugin {
  return {
    name: "PodSecurity",
    handles({ operation, definition, subresource }) {
      if (operation !== "CREATE" && operation !== "UPDATE") return false;
      if (isResource(definition, "pods")) return !harmlessSubresources.has(subresource);
      if (subresource !== "") return false;
      return isResource(definition, "namespaces") || workloads.some((resource) => isResource(definition, resource));
    },
    async validate(attributes, environment) {
      const request = new Request(options, attributes, environment);
      if (isResource(attributes.definition, "namespaces")) request.checkNamespace();
      else if (isResource(attributes.definition, "pods")) await request.checkPod();
      else await request.checkWorkload();
    },
  };
}

class Request {
  readonly #defaults: Policy;
  readonly #exemptions: NonNullable<PodSecurityOptions["exemptions"]>;
  readonly #attributes: AdmissionAttributes;
  readonly #environment: AdmissionEnvironment;
  readonly #object: UnstructuredObject;

  constructor(options: PodSecurityOptions, attributes: AdmissionAttributes, environment: AdmissionEnvironment) {
    this.#defaults = options.defaults ?? defaultPolicy;
    this.#exemptions = options.exemptions ?? {};
    this.#attributes = attributes;
    this.#environment = environment;
    this.#object = attributes.object as UnstructuredObject;
  }

  /** Labels have to be right where they are new; a stricter level is tried on the pods that are there. */
  checkNamespace(): void {
    const { metadata } = this.#object;
    const { old, context } = this.#attributes;
    const next = readPolicy(metadata.labels, this.#defaults);
    const before = old === undefined ? undefined : readPolicy(old.metadata.labels, this.#defaults);
    const isKnown = before !== undefined && JSON.stringify(before.errors) === JSON.stringify(next.errors);
    if (next.errors.length > 0 && !isKnown) throw newInvalid({ group: "", kind: "Namespace" }, metadata.name ?? "", next.errors);
    if (before !== undefined && !isStricter(next.policy.enforce, before.policy.enforce)) return;
    const name = metadata.name ?? "";
    if (this.#exemptions.namespaces?.includes(name) === true) return this.#warnOfExemption(next.policy);
    if (before === undefined) return;
    for (const warning of warnAboutExisting(name, next.policy.enforce, this.#podsIn(name), this.#environment.clock)) context.warn(warning);
  }

  async checkPod(): Promise<void> {
    const { old } = this.#attributes;
    if (this.#isExempt()) return;
    const { policy, errors } = await this.#policy();
    if (errors === "" && isFullyPrivileged(policy)) return this.#annotate("enforce-policy", "privileged:latest");
    if (old !== undefined && !isSignificantUpdate(this.#object, old)) return;
    const pod = checkedPodIn(this.#object);
    if (pod !== undefined) this.#evaluate(pod, policy, { errors, isEnforced: true });
  }

  async checkWorkload(): Promise<void> {
    if (this.#isExempt()) return;
    const { policy, errors } = await this.#policy();
    if (errors === "" && policy.warn.level === "privileged" && policy.audit.level === "privileged") return;
    const pod = checkedPodIn(this.#object);
    if (pod !== undefined) this.#evaluate(pod, policy, { errors, isEnforced: false });
  }

  #evaluate(pod: CheckedPod, policy: Policy, { errors, isEnforced }: { errors: string; isEnforced: boolean }): void {
    const { definition, name, context } = this.#attributes;
    const { runtimeClassName } = pod.spec;
    if (runtimeClassName && this.#exemptions.runtimeClasses?.includes(runtimeClassName) === true)
      return this.#annotate("exempt", "runtimeClass");
    const problem = (level: LevelVersion): string | undefined => {
      const findings = evaluatePod(level, pod);
      return findings.length === 0 ? undefined : `PodSecurity ${quoteText(formatLevel(level))}: ${formatDetails(findings)}`;
    };
    if (errors !== "") this.#annotate("error", `Failed to parse policy: ${errors}`);
    const audited = problem(policy.audit);
    if (audited !== undefined) this.#annotate("audit-violations", `would violate ${audited}`);
    if (isEnforced) {
      this.#annotate("enforce-policy", formatLevel(policy.enforce));
      const refused = problem(policy.enforce);
      if (refused !== undefined) throw newForbidden(definition, name, `violates ${refused}`);
    }
    const warned = problem(policy.warn);
    if (warned !== undefined) context.warn(`would violate ${warned}`);
  }

  #isExempt(): boolean {
    const { namespace, context } = this.#attributes;
    const { namespaces = [], usernames = [] } = this.#exemptions;
    const reason = namespaces.includes(namespace) ? "namespace" : usernames.includes(context.user.name) ? "user" : "";
    if (reason !== "") this.#annotate("exempt", reason);
    return reason !== "";
  }

  async #policy(): Promise<{ policy: Policy; errors: string }> {
    const { namespace } = this.#attributes;
    const find = this.#environment;
    const found = find.get("namespaces", "", namespace) ?? (await find.getFresh("namespaces", "", namespace));
    if (found === undefined) throw newInternalError(`failed to lookup namespace ${quoteText(namespace)}`);
    const { policy, errors } = readPolicy(found.metadata.labels, this.#defaults);
    return { policy, errors: errors.map((error) => formatFieldError(error)).join(", ") };
  }

  /** Namespaces that are exempt say so when labels of theirs seem to have an effect. */
  #warnOfExemption(policy: Policy): void {
    if (isFullyPrivileged(policy) || isEquivalent(policy, this.#defaults)) return;
    const { labels = {}, name = "" } = this.#object.metadata;
    const chosen = modes.filter((mode) => {
      const isSaid = labels[labelPrefix + mode] !== undefined || labels[`${labelPrefix}${mode}-version`] !== undefined;
      return isSaid && policy[mode].level !== "privileged";
    });
    const text = chosen.map((mode) => `${mode}=${formatLevel(policy[mode])}`).join(", ");
    this.#attributes.context.warn(`namespace ${quoteText(name)} is exempt from Pod Security, and the policy (${text}) will be ignored`);
  }

  #podsIn(namespace: string): readonly Readonly<Pod>[] {
    const exempt = this.#exemptions.runtimeClasses ?? [];
    const pods = this.#environment.list("pods", namespace) as unknown as readonly Readonly<Pod>[];
    return pods.filter(({ spec }) => !exempt.includes(spec?.runtimeClassName ?? ""));
  }

  #annotate(key: string, value: string): void {
    this.#attributes.context.annotate?.(labelPrefix + key, value);
  }
}

/** Whether pods that passed before may be refused now. */
function isStricter(next: LevelVersion, before: LevelVersion): boolean {
  if (isSameLevel(next, before) || next.level === "privileged") return false;
  return next.version !== before.version || compareLevels(next.level, before.level) > 0;
}
