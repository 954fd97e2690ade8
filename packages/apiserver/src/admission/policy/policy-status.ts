import type { ValidatingAdmissionPolicy } from "@coracle/api";
import { hasReason } from "@coracle/apimachinery";
import type { RequestContext, Registry } from "../../registry/contract.ts";
import { systemContext } from "../../registry/system-context.ts";
import type { AdmissionEnvironment } from "../admission.ts";

const manager = "validatingadmissionpolicy-status";
const group = "admissionregistration.k8s.io";
const resource = "validatingadmissionpolicies";
const retryMs = 1000;
const longestRetryMs = 5 * 60_000;

const context: RequestContext = { ...systemContext, fieldManager: manager };

/**
 * Writes down what the type checker says of ValidatingAdmissionPolicies, once for each generation, as upstream's controller of that name. It is
 * part of the server because it needs the schemas of everything that is served. Costs nothing while there is no policy.
 */
export class PolicyStatus implements Disposable {
  readonly #environment: AdmissionEnvironment;
  readonly #registry: Pick<Registry, "patch">;
  #watch: Disposable | undefined;
  #timer: Disposable | undefined;
  #retryMs = retryMs;
  #isRunning = false;
  #isDirty = false;
  #isDisposed = false;

  constructor(environment: AdmissionEnvironment, registry: Pick<Registry, "patch">) {
    this.#environment = environment;
    this.#registry = registry;
  }

  async start(): Promise<void> {
    this.#watch = this.#environment.watch(`${resource}.${group}`, () => void this.#run());
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#watch?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }

  /** Looks at all policies until nothing is left to do. */
  async #run(): Promise<void> {
    this.#isDirty = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#isDirty && !this.#isDisposed) {
        this.#isDirty = false;
        for (const policy of this.#pending()) await this.#check(policy);
      }
      this.#retryMs = retryMs;
    } catch (error) {
      this.#environment.log.warn("cannot write the status of an admission policy", { error });
      this.#retryLater();
    } finally {
      this.#isRunning = false;
    }
  }

  #pending(): readonly Readonly<ValidatingAdmissionPolicy>[] {
    const policies = this.#environment.list(`${resource}.${group}`, "") as unknown as readonly Readonly<ValidatingAdmissionPolicy>[];
    return policies.filter(({ metadata, status }) => (metadata.generation ?? 0) > (status?.observedGeneration ?? 0));
  }

  async #check(policy: Readonly<ValidatingAdmissionPolicy>): Promise<void> {
    const { checkTypes } = await import("./type-checker.ts");
    const expressionWarnings = checkTypes(policy, this.#environment.resources());
    const { name = "", generation = 0 } = policy.metadata;
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
    const value = {
      apiVersion: `${group}/v1`,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      status: { observedGeneration: generation, typeChecking },
    };
    const address = { group, version: "v1", resource, namespace: "", name, subresource: "status" };
    const patch = { contentType: "application/apply-patch+yaml", body: { type: "value" as const, value }, force: true };
    await this.#registry.patch(context, address, patch).catch((error: unknown) => {
      // Deleted meanwhile.
      if (!hasReason(error, "NotFound")) throw error;
    });
  }

  #retryLater(): void {
    if (this.#isDisposed) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#environment.clock.setTimeout(() => void this.#run(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }
}
