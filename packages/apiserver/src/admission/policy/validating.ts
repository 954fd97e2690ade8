import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "@coracle/api";
import { newForbidden, type StatusError, type StatusReason, type UnstructuredObject } from "@coracle/apimachinery";
import type { Authorizer } from "../../authorization/attributes.ts";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import { AdmittedObjects, findNamespace, isAboutNamespace, namespaceOf, type SeenObjects, type Sight } from "../matching/index.ts";
import { bindingsOf, type BoundInvocation } from "./invocations.ts";
import type { PolicyDispatcher } from "./plugin.ts";
import { PolicySource, type Hook } from "./policy-source.ts";
import { nameForMessages } from "./subject-name.ts";
import { Validator, type Judgement } from "./validator.ts";

type ValidatingHook = Hook<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validator>;

interface Denial {
  readonly policy: string;
  /** Empty: the policy itself. */
  readonly binding: string;
  readonly message: string;
  readonly reason: string;
}

interface Run {
  readonly attributes: AdmissionAttributes;
  readonly objects: AdmittedObjects;
  readonly denials: Denial[];
}

const group = "admissionregistration.k8s.io";
const annotationLimitBytes = 10 * 1024;

/** Judges requests by ValidatingAdmissionPolicies. */
export class ValidatingPolicyDispatcher implements PolicyDispatcher {
  readonly #environment: AdmissionEnvironment;
  readonly #authorizer: Authorizer;
  readonly #source: PolicySource<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validator>;

  constructor(environment: AdmissionEnvironment, authorizer: Authorizer) {
    this.#environment = environment;
    this.#authorizer = authorizer;
    this.#source = new PolicySource(environment, {
      policies: `validatingadmissionpolicies.${group}`,
      bindings: `validatingadmissionpolicybindings.${group}`,
      compile: (policy) => new Validator(policy),
    });
  }

  invalidate(): void {
    this.#source.invalidate();
  }

  /** @throws {StatusError} with the first denial; by default 422. */
  async dispatch(attributes: AdmissionAttributes): Promise<void> {
    const { hooks, sights } = this.#source.candidatesFor(attributes);
    const run: Run = { attributes, objects: new AdmittedObjects(attributes, { isMutating: false }), denials: [] };
    for (const hook of hooks) {
      const result = await bindingsOf(hook, { attributes, sights, environment: this.#environment });
      const policy = hook.policy.metadata.name ?? "";
      if (hook.policy.spec?.failurePolicy !== "Ignore") {
        for (const { binding, message } of result.problems) run.denials.push({ policy, binding, message, reason: "" });
      }
      if (result.sight !== undefined) await this.#judge(run, hook, result.sight, result.invocations);
    }
    const [first] = run.denials;
    if (first !== undefined) throw denied(attributes, first);
  }

  async #judge(
    run: Run,
    hook: ValidatingHook,
    sight: Sight,
    invocations: readonly BoundInvocation<ValidatingAdmissionPolicyBinding>[],
  ): Promise<void> {
    const { attributes, objects, denials } = run;
    const policy = hook.policy.metadata.name ?? "";
    const collected = new Map<string, Set<string>>();
    for (const { binding, params } of invocations) {
      if (params.length === 0) continue;
      let seen: SeenObjects;
      try {
        seen = await objects.seenAs(sight);
      } catch (error) {
        const message = `failed to configure binding: failed to convert object version: ${(error as Error).message}`;
        if (hook.policy.spec?.failurePolicy !== "Ignore")
          denials.push({ policy, binding: binding.metadata.name ?? "", message, reason: "" });
        continue;
      }
      const namespaceObject = await this.#namespaceObject(attributes);
      for (const param of params) {
        const input = { attributes, sight, ...seen, params: param, namespaceObject, authorizer: this.#authorizer };
        this.#enforce(run, { policy, binding, judgement: hook.evaluator.judge(input), collected });
      }
    }
    for (const [key, values] of collected) attributes.context.annotate?.(`${policy}/${key}`, [...values].join(", "));
  }

  #enforce({ attributes, denials }: Run, verdict: Verdict): void {
    const { policy, judgement, collected } = verdict;
    const { context } = attributes;
    const { policyName, validationActions = [] } = verdict.binding.spec;
    const binding = verdict.binding.metadata.name ?? "";
    for (const [expressionIndex, { isDenied, message, reason }] of judgement.decisions.entries()) {
      if (!isDenied) continue;
      if (validationActions.includes("Deny")) denials.push({ policy, binding, message, reason });
      if (validationActions.includes("Warn")) {
        context.warn(`Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`);
      }
      if (validationActions.includes("Audit")) {
        const failure = { message, policy: policyName, binding, expressionIndex, validationActions };
        context.annotate?.("validation.policy.admission.k8s.io/validation_failure", JSON.stringify([failure]));
      }
    }
    for (const { key, value } of judgement.annotations) {
      collected.set(key, (collected.get(key) ?? new Set()).add(Buffer.from(value).subarray(0, annotationLimitBytes).toString()));
    }
    for (const message of judgement.annotationProblems) denials.push({ policy, binding, message, reason: "" });
  }

  /** Undefined for what is in no namespace, and for namespaces. @throws {StatusError} 404. */
  async #namespaceObject(attributes: AdmissionAttributes): Promise<Readonly<UnstructuredObject> | undefined> {
    const name = isAboutNamespace(attributes) ? "" : namespaceOf(attributes);
    return name === "" ? undefined : findNamespace(name, this.#environment);
  }
}

interface Verdict {
  readonly policy: string;
  readonly binding: ValidatingAdmissionPolicyBinding;
  readonly judgement: Judgement;
  /** Values of audit annotations by key, over all bindings of the policy. */
  readonly collected: Map<string, Set<string>>;
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

function denied(attributes: AdmissionAttributes, { policy, binding, message, reason }: Denial): StatusError {
  const by = binding === "" ? `ValidatingAdmissionPolicy '${policy}'` : `ValidatingAdmissionPolicy '${policy}' with binding '${binding}'`;
  const text = `${by} denied request: ${message}`;
  const error = newForbidden(attributes.served.definition, nameForMessages(attributes), text);
  error.status.reason = (reason === "" ? "Invalid" : reason) as StatusReason;
  error.status.code = codes[reason] ?? 422;
  error.status.details = { ...error.status.details, causes: [{ message: text }] };
  return error;
}
