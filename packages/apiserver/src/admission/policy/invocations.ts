import type { UnstructuredObject } from "@coracle/apimachinery";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import { namespaceOf, type Sight } from "../matching/index.ts";
import type { Sights } from "./match.ts";
import { collectParams } from "./params.ts";
import type { Binding, Bound, Hook, Policy } from "./policy-source.ts";

/** A binding that is for the request, with its parameters; undefined is a parameter where the policy has none. */
export interface BoundInvocation<B> {
  readonly binding: B;
  readonly params: readonly (Readonly<UnstructuredObject> | undefined)[];
}

export interface BindingsResult<B> {
  /** The name under which the policy is for the request; undefined when it is not. */
  readonly sight: Sight | undefined;
  readonly invocations: readonly BoundInvocation<B>[];
  /** What keeps the policy or a binding from being used; an empty `binding` is the policy. The failure policy says what that means. */
  readonly problems: readonly { readonly binding: string; readonly message: string }[];
}

export interface InvocationRequest {
  readonly attributes: AdmissionAttributes;
  readonly sights: Sights;
  readonly environment: AdmissionEnvironment;
}

/** The bindings of a policy that are for a request. */
export async function bindingsOf<P extends Policy, B extends Binding, E>(
  hook: Hook<P, B, E>,
  request: InvocationRequest,
): Promise<BindingsResult<B>> {
  const { attributes, sights, environment } = request;
  const problems: { binding: string; message: string }[] = [];
  const none = { sight: undefined, invocations: [], problems };
  let sight: Sight | undefined;
  try {
    sight = await hook.matcher.match(attributes, sights, environment);
    if (sight === undefined) return none;
    if (hook.problem !== undefined) throw new Error(hook.problem);
  } catch (error) {
    problems.push({ binding: "", message: `failed to configure policy: ${(error as Error).message}` });
    return none;
  }
  const invocations: BoundInvocation<B>[] = [];
  for (const bound of hook.bindings) {
    try {
      const params = await paramsOf(hook, bound, request);
      if (params !== undefined) invocations.push({ binding: bound.binding, params });
    } catch (error) {
      problems.push({ binding: bound.binding.metadata.name ?? "", message: `failed to configure binding: ${(error as Error).message}` });
    }
  }
  return { sight, invocations, problems };
}

/** Undefined when the binding is not for the request. */
async function paramsOf<P extends Policy, B extends Binding, E>(
  hook: Hook<P, B, E>,
  { binding, matcher }: Bound<B>,
  { attributes, sights, environment }: InvocationRequest,
): Promise<BoundInvocation<B>["params"] | undefined> {
  if (matcher !== undefined && (await matcher.match(attributes, sights, environment)) === undefined) return undefined;
  const ref = binding.spec?.paramRef;
  if (hook.params === undefined || ref === undefined) return [undefined];
  return collectParams({ resource: hook.params, ref, namespace: namespaceOf(attributes) }, environment);
}
