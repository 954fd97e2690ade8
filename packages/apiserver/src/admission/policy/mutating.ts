import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from "@coracle/api";
import { cloneJson, deepEqual, newForbidden, quoteText, StatusError, type UnstructuredObject } from "@coracle/apimachinery";
import type { Authorizer } from "../../authorization/attributes.ts";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import { judgeConditions, type ExpressionInput } from "../expressions/index.ts";
import { AdmittedObjects, findNamespace, isAboutNamespace, namespaceOf, type Sight } from "../matching/index.ts";
import type { Memory } from "../reinvocation.ts";
import { bindingsOf } from "./invocations.ts";
import { Mutator } from "./mutator.ts";
import type { PolicyDispatcher } from "./plugin.ts";
import { PolicySource } from "./policy-source.ts";
import { nameForMessages } from "./subject-name.ts";

const pluginName = "MutatingAdmissionPolicy";
const group = "admissionregistration.k8s.io";

interface Problem {
  readonly policy: MutatingAdmissionPolicy;
  /** Empty: the policy itself. */
  readonly binding: string;
  readonly message: string;
  /** Whether the expressions are to blame, rather than how policy and binding were set up. */
  readonly isInvalid: boolean;
}

interface Invocation {
  readonly policy: MutatingAdmissionPolicy;
  readonly binding: MutatingAdmissionPolicyBinding;
  readonly mutator: Mutator;
  readonly sight: Sight;
  readonly params: Readonly<UnstructuredObject> | undefined;
}

interface Run {
  readonly attributes: AdmissionAttributes;
  readonly objects: AdmittedObjects;
  readonly memory: Memory;
  readonly problems: Problem[];
  readonly namespaceObject: Readonly<UnstructuredObject> | undefined;
}

/** Changes objects as MutatingAdmissionPolicies say. */
export class MutatingPolicyDispatcher implements PolicyDispatcher {
  readonly #environment: AdmissionEnvironment;
  readonly #authorizer: Authorizer;
  readonly #source: PolicySource<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutator>;

  constructor(environment: AdmissionEnvironment, authorizer: Authorizer) {
    this.#environment = environment;
    this.#authorizer = authorizer;
    this.#source = new PolicySource(environment, {
      policies: `mutatingadmissionpolicies.${group}`,
      bindings: `mutatingadmissionpolicybindings.${group}`,
      compile: (policy) => new Mutator(policy),
    });
  }

  invalidate(): void {
    this.#source.invalidate();
  }

  /** Changes `attributes.object`. @throws {StatusError} when a policy cannot be applied and its failure policy is Fail. */
  async dispatch(attributes: AdmissionAttributes): Promise<void> {
    const problems: Problem[] = [];
    const invocations = await this.#invocations(attributes, problems);
    if (invocations.length > 0) {
      const { reinvocation } = attributes;
      const memory = reinvocation.memoryOf(pluginName);
      if (reinvocation.isAgain && !deepEqual(memory.lastOutput, attributes.object)) memory.markDue();
      const namespaceObject = await this.#namespaceObject(attributes);
      const run: Run = { attributes, objects: new AdmittedObjects(attributes, { isMutating: true }), memory, problems, namespaceObject };
      for (const invocation of invocations) await this.#apply(run, invocation);
      memory.lastOutput = cloneJson(attributes.object);
    }
    const fatal = problems.filter(({ policy }) => policy.spec?.failurePolicy !== "Ignore");
    if (fatal.length > 0) throw refusal(attributes, fatal);
  }

  async #invocations(attributes: AdmissionAttributes, problems: Problem[]): Promise<Invocation[]> {
    const { hooks, sights } = this.#source.candidatesFor(attributes);
    const found: Invocation[] = [];
    for (const { policy, evaluator: mutator, ...hook } of hooks) {
      const result = await bindingsOf({ policy, evaluator: mutator, ...hook }, { attributes, sights, environment: this.#environment });
      problems.push(...result.problems.map((problem) => ({ ...problem, policy, isInvalid: false })));
      const { sight } = result;
      if (sight === undefined) continue;
      for (const { binding, params } of result.invocations) {
        for (const param of params) found.push({ policy, binding, mutator, sight, params: param });
      }
    }
    return found;
  }

  async #apply(run: Run, { policy, binding, mutator, sight, params }: Invocation): Promise<void> {
    const { attributes, objects, memory, problems, namespaceObject } = run;
    const { reinvocation } = attributes;
    const { spec = {} } = policy;
    const name = binding.metadata.name ?? "";
    const blame = (message: string): void => void problems.push({ policy, binding: name, message, isInvalid: true });
    const input = async (): Promise<ExpressionInput> => ({
      attributes,
      sight,
      ...(await objects.seenAs(sight)),
      params,
      namespaceObject,
      authorizer: this.#authorizer,
      variables: mutator.variables,
    });
    if (mutator.conditions.length > 0) {
      // As upstream: conditions do not see the namespace.
      const verdict = judgeConditions(mutator.conditions, spec.failurePolicy, { ...(await input()), namespaceObject: undefined });
      if (verdict.type === "error") blame(verdict.message);
      if (verdict.type !== "match") return;
    }
    const key = [policy.metadata.name, name, params?.metadata.namespace, params?.metadata.name].join("/");
    if (reinvocation.isAgain && !memory.isDue(key)) return;
    for (const mutation of mutator.mutations) {
      if (attributes.object === undefined) break;
      try {
        await objects.replace(sight, mutation(await input()), { isStrict: true });
        memory.markDue();
        reinvocation.isWanted = true;
      } catch (error) {
        if (error instanceof StatusError) throw error;
        blame((error as Error).message);
      }
    }
    if (spec.reinvocationPolicy === "IfNeeded") memory.noteCalled(key);
  }

  async #namespaceObject(attributes: AdmissionAttributes): Promise<Readonly<UnstructuredObject> | undefined> {
    const name = isAboutNamespace(attributes) ? "" : namespaceOf(attributes);
    return name === "" ? undefined : findNamespace(name, this.#environment);
  }
}

/** 403, but the reason is Invalid when an expression is to blame, as upstream has it. */
function refusal(attributes: AdmissionAttributes, problems: readonly Problem[]): StatusError {
  const texts = problems.map(({ policy, binding, message }) => {
    const name = policy.metadata.name ?? "";
    return `policy ${binding === "" ? quoteText(name) : `'${name}' with binding '${binding}'`} denied request: ${message}`;
  });
  const { status } = newForbidden(attributes.served.definition, nameForMessages(attributes), "admission request denied by policy");
  const details = { ...status.details, causes: texts.map((message) => ({ message })) };
  return new StatusError({ ...status, message: texts[0] ?? "", reason: problems[0]?.isInvalid ? "Invalid" : "Forbidden", details });
}
