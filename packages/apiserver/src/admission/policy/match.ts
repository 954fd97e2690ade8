import type { MatchResources, NamedRuleWithOperations } from "@coracle/api";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import { ruleMatches, Selectors, subjectOf, type Sight } from "../matching/index.ts";

/** The request's own name and the others under which its resource is known. */
export interface Sights {
  readonly requested: Sight;
  readonly equivalents: readonly Sight[];
}

/** The requests that a policy or a binding is for. */
export class RequestMatcher {
  readonly #match: Readonly<MatchResources>;
  readonly #selectors: Selectors;

  constructor(match: Readonly<MatchResources>) {
    this.#match = match;
    this.#selectors = new Selectors(match);
  }

  /** Whether any of its rules can be about such requests, whatever their names, labels and exclusions. */
  mayMatch(operation: string, sights: Sights): boolean {
    const { resourceRules = [], matchPolicy } = this.#match;
    if (resourceRules.length === 0) return true;
    const seen = matchPolicy === "Equivalent" ? [sights.requested, ...sights.equivalents] : [sights.requested];
    return resourceRules.some((rule) => seen.some((sight) => ruleMatches(rule, subjectOf(operation, sight))));
  }

  /**
   * The name under which the request matches; undefined when it does not. @throws {StatusError} when its namespace is gone or a selector cannot
   * be read.
   */
  async match(
    attributes: AdmissionAttributes,
    sights: Sights,
    environment: Pick<AdmissionEnvironment, "get" | "getFresh">,
  ): Promise<Sight | undefined> {
    const { resourceRules = [], excludeResourceRules = [] } = this.#match;
    if (this.#find(excludeResourceRules, attributes, sights) !== undefined) return undefined;
    const found = resourceRules.length === 0 ? sights.requested : this.#find(resourceRules, attributes, sights);
    if (found === undefined || !(await this.#selectors.match(attributes, environment))) return undefined;
    return found;
  }

  #find(rules: readonly NamedRuleWithOperations[], attributes: AdmissionAttributes, sights: Sights): Sight | undefined {
    const { operation, requestName } = attributes;
    const covers = (rule: NamedRuleWithOperations, sight: Sight): boolean => {
      const { resourceNames: names = [] } = rule;
      return ruleMatches(rule, subjectOf(operation, sight)) && (names.length === 0 || names.includes(requestName));
    };
    if (rules.some((rule) => covers(rule, sights.requested))) return sights.requested;
    if (this.#match.matchPolicy !== "Equivalent") return undefined;
    for (const rule of rules) {
      const found = sights.equivalents.find((sight) => covers(rule, sight));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
