import { indexPath, supportedValues, type Findings } from "@coracle/apimachinery";
import type { Rule, RuleWithOperations } from "../../generated/types.ts";

const operations = supportedValues("*", "CONNECT", "CREATE", "DELETE", "UPDATE");
const scopes = supportedValues("*", "Cluster", "Namespaced");

/** Checks one rule of a webhook or policy. */
export function validateRule(rule: Readonly<RuleWithOperations>, at: string, out: Findings): void {
  const given = rule.operations ?? [];
  if (given.length === 0) out.required(`${at}.operations`);
  if (given.length > 1 && given.includes("*"))
    out.invalid(`${at}.operations`, given, "if '*' is present, must not specify other operations");
  given.forEach((operation, index) => out.oneOf(operation, operations, indexPath(`${at}.operations`, index)));
  validateNames(rule, at, out);
}

function validateNames({ apiGroups = [], apiVersions = [], resources, scope }: Readonly<Rule>, at: string, out: Findings): void {
  const alone = (what: string): string => `if '*' is present, must not specify other API ${what}`;
  if (apiGroups.length === 0) out.required(`${at}.apiGroups`);
  if (apiGroups.length > 1 && apiGroups.includes("*")) out.invalid(`${at}.apiGroups`, apiGroups, alone("groups"));
  if (apiVersions.length === 0) out.required(`${at}.apiVersions`);
  if (apiVersions.length > 1 && apiVersions.includes("*")) out.invalid(`${at}.apiVersions`, apiVersions, alone("versions"));
  apiVersions.forEach((version, index) => out.present(version, indexPath(`${at}.apiVersions`, index)));
  validateResources(resources ?? [], `${at}.resources`, out);
  out.optionalOneOf(scope, scopes, `${at}.scope`);
}

/** Wildcards may not make other entries pointless. */
function validateResources(resources: readonly string[], at: string, out: Findings): void {
  if (resources.length === 0) out.required(at);
  const wholeResources = new Set<string>();
  const wholeSubresources = new Set<string>();
  let endsWithPlainResource = false;
  for (const [index, entry] of resources.entries()) {
    const here = indexPath(at, index);
    if (!out.present(entry, here)) continue;
    const slash = entry.indexOf("/");
    if (slash < 0) {
      endsWithPlainResource = entry !== "*";
      continue;
    }
    const [resource, subresource] = [entry.slice(0, slash), entry.slice(slash + 1)];
    if (wholeResources.has(resource)) out.invalid(here, entry, `if '${resource}/*' is present, must not specify ${entry}`);
    if (wholeSubresources.has(subresource)) out.invalid(here, entry, `if '*/${subresource}' is present, must not specify ${entry}`);
    if (subresource === "*") wholeResources.add(resource);
    if (resource === "*") wholeSubresources.add(subresource);
  }
  if (resources.length > 1 && resources.includes("*/*"))
    out.invalid(at, resources, "if '*/*' is present, must not specify other resources");
  if (resources.includes("*") && endsWithPlainResource) {
    out.invalid(at, resources, "if '*' is present, must not specify other resources without subresources");
  }
}
