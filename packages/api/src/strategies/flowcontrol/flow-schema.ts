import { dnsLabelErrors, dnsSubdomainErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type { FlowSchema, FlowSchemaSpec, PolicyRulesWithSubjects } from "../../generated/types.ts";
import type { NonResourcePolicyRule, ResourcePolicyRule, Subject } from "../../generated/flowcontrol-v1.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { validateConditionTypes } from "./condition-types.ts";

const highestPrecedence = 10_000;
const distinguishers = ["ByNamespace", "ByUser"];
const subjectKinds = supportedValues("Group", "ServiceAccount", "User");
const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const noSpec = {} as FlowSchemaSpec;
/** What everybody has (KEP-1040): these two stay as they are. */
const mandatory = new Set(["exempt", "catch-all"]);

export const flowSchemas = strategyOf<FlowSchema>({
  validate({ metadata, spec = noSpec }, out, old) {
    const { matchingPrecedence: precedence = 0, distinguisherMethod: method, priorityLevelConfiguration: level } = spec;
    const at = "spec.matchingPrecedence";
    if (precedence <= 0) out.invalid(at, precedence, "must be a positive value");
    if (precedence > highestPrecedence) out.invalid(at, precedence, `must not be greater than ${highestPrecedence}`);
    if (precedence === 1 && metadata.name !== "exempt") out.invalid(at, 1, "only the schema named 'exempt' may have matchingPrecedence 1");
    if (method !== undefined && !distinguishers.includes(method.type))
      out.unsupported("spec.distinguisherMethod.type", goForm("flowcontrol/v1.FlowDistinguisherMethod", method), distinguishers);
    if (out.present(level?.name, "spec.priorityLevelConfiguration.name", "must reference a priority level"))
      out.messages("spec.priorityLevelConfiguration.name", level.name, dnsSubdomainErrors(level.name));
    for (const [index, rule] of (spec.rules ?? []).entries()) validateRule(rule, `spec.rules[${index}]`, out);
    if (old !== undefined && mandatory.has(metadata.name ?? "") && JSON.stringify(spec) !== JSON.stringify(old.spec))
      out.invalid("spec", goForm("flowcontrol/v1.FlowSchemaSpec", spec), `spec of '${metadata.name}' must equal the fixed value`);
  },
  subresources: { status: ({ status }, _old, out) => validateConditionTypes(status?.conditions ?? [], out) },
});

function validateRule(rule: Readonly<PolicyRulesWithSubjects>, at: string, out: Findings): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0) out.required(`${at}.subjects`, "subjects must contain at least one value");
  for (const [index, subject] of subjects.entries()) validateSubject(subject, `${at}.subjects[${index}]`, out);
  if (resourceRules.length + nonResourceRules.length === 0)
    out.required(at, "at least one of resourceRules and nonResourceRules has to be non-empty");
  for (const [index, each] of resourceRules.entries()) validateResourceRule(each, `${at}.resourceRules[${index}]`, out);
  for (const [index, each] of nonResourceRules.entries()) validateUrlRule(each, `${at}.nonResourceRules[${index}]`, out);
}

const parts = [
  ["ServiceAccount", "serviceAccount"],
  ["User", "user"],
  ["Group", "group"],
] as const;

function validateSubject(subject: Readonly<Subject>, at: string, out: Findings): void {
  const own = parts.find(([kind]) => kind === subject.kind);
  if (own === undefined) return out.unsupported(`${at}.kind`, subject.kind ?? "", subjectKinds.values);
  const [kind, name] = own;
  if (subject[name] === undefined) out.required(`${at}.${name}`, `${name} is required when subject kind is '${kind}'`);
  else if (name === "serviceAccount") validateAccount(subject, `${at}.serviceAccount`, out);
  else out.present(subject[name].name, `${at}.${name}.name`);
  for (const [other, field] of parts)
    if (field !== name && subject[field] !== undefined)
      out.forbidden(`${at}.${field}`, `${field} is forbidden when subject kind is not '${other}'`);
}

function validateAccount({ serviceAccount }: Readonly<Subject>, at: string, out: Findings): void {
  const { name = "", namespace = "" } = serviceAccount ?? {};
  if (out.present(name, `${at}.name`) && name !== "*") out.messages(`${at}.name`, name, dnsSubdomainErrors(name));
  if (out.present(namespace, `${at}.namespace`, "must specify namespace for service account"))
    out.messages(`${at}.namespace`, namespace, dnsLabelErrors(namespace));
}

function validateVerbs(asked: readonly string[], at: string, out: Findings): void {
  if (asked.length === 0) out.required(at, "verbs must contain at least one value");
  else if (asked.includes("*")) {
    if (asked.length > 1) out.invalid(at, asked, "if '*' is present, must not specify other verbs");
  } else if (!asked.every((verb) => verbs.includes(verb))) out.unsupported(at, asked, verbs);
}

function validateResourceRule(rule: Readonly<ResourcePolicyRule>, at: string, out: Findings): void {
  const { apiGroups = [], resources = [], namespaces = [] } = rule;
  validateVerbs(rule.verbs ?? [], `${at}.verbs`, out);
  if (apiGroups.length === 0) out.required(`${at}.apiGroups`, "resource rules must supply at least one api group");
  else if (apiGroups.length > 1 && apiGroups.includes("*"))
    out.invalid(`${at}.apiGroups`, apiGroups, "if '*' is present, must not specify other api groups");
  if (resources.length === 0) out.required(`${at}.resources`, "resource rules must supply at least one resource");
  else if (resources.length > 1 && resources.includes("*"))
    out.invalid(`${at}.resources`, resources, "if '*' is present, must not specify other resources");
  if (namespaces.length === 0 && rule.clusterScope !== true)
    out.required(`${at}.namespaces`, "resource rules that are not cluster scoped must supply at least one namespace");
  else if (namespaces.includes("*")) {
    if (namespaces.length > 1) out.invalid(`${at}.namespaces`, namespaces, "if '*' is present, must not specify other namespaces");
  } else
    for (const [index, name] of namespaces.entries())
      for (const message of dnsLabelErrors(name))
        out.invalid(`${at}.namespaces[${index}]`, name, `each member of this list must be '*' or a DNS-1123 label; ${message}`);
}

function validateUrlRule(rule: Readonly<NonResourcePolicyRule>, at: string, out: Findings): void {
  const { nonResourceURLs: urls = [] } = rule;
  validateVerbs(rule.verbs ?? [], `${at}.verbs`, out);
  if (urls.length === 0) out.required(`${at}.nonResourceURLs`, "nonResourceURLs must contain at least one value");
  else if (urls.includes("*")) {
    if (urls.length > 1) out.invalid(`${at}.nonResourceURLs`, urls, "if '*' is present, must not specify other non-resource URLs");
  } else
    for (const [index, url] of urls.entries()) {
      const problem = urlProblem(url);
      if (problem !== undefined) out.invalid(`${at}.nonResourceURLs[${index}]`, url, problem);
    }
}

function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const wildcards = url.split("*").length - 1;
  return wildcards > 1 || (wildcards === 1 && !url.endsWith("/*")) ? "wildcard can only do suffix matching" : undefined;
}
