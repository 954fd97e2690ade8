import type { AdmissionEnvironment } from "./admission.ts";

/** Whether there are any objects of some resources, known without looking at each request: most clusters have no webhooks, most have no policies. */
export class ConfigurationCount {
  readonly #resources: readonly string[];
  readonly #onChange: () => void;
  #isWatching = false;
  #isKnown = false;
  #isPositive = false;

  /** `onChange` is called after each change to one of the objects. */
  constructor(resources: readonly string[], onChange: () => void) {
    this.#resources = resources;
    this.#onChange = onChange;
  }

  /** Whether each of the resources has an object. The environment must be the same each time. */
  isPositive(environment: Pick<AdmissionEnvironment, "watch" | "list">): boolean {
    if (!this.#isWatching) this.#watch(environment);
    if (!this.#isKnown) {
      this.#isKnown = true;
      this.#isPositive = this.#resources.every((resource) => environment.list(resource, "").length > 0);
    }
    return this.#isPositive;
  }

  /** The watches last as long as the cache. */
  #watch(environment: Pick<AdmissionEnvironment, "watch">): void {
    this.#isWatching = true;
    for (const resource of this.#resources) {
      environment.watch(resource, () => {
        this.#isKnown = false;
        this.#onChange();
      });
    }
  }
}
