import { compareQuantities, parseQuantity, type Findings } from "@coracle/apimachinery";
import type { ResourceClaim, ResourceRequirements } from "../../generated/types.ts";
import { isHugePages, isOvercommittable, validateContainerResourceName, validateResourceAmount } from "../shared/resource-names.ts";
import type { Allowances } from "./allowances.ts";
import { divides } from "./huge-pages.ts";

type Amounts = Readonly<Record<string, string>>;
type NameRule = (name: string, at: string, out: Findings) => void;

/** What resources are judged with. */
export interface ResourceRules {
  readonly out: Findings;
  readonly allow: Allowances;
  readonly claimNames: ReadonlySet<string>;
}

/** What a container asks for and is limited to; `validateName` says which resources there are. */
export function validateResources(
  resources: Readonly<ResourceRequirements>,
  at: string,
  rules: ResourceRules,
  validateName: NameRule = validateContainerResourceName,
): void {
  const { limits = {}, requests = {} } = resources;
  const { out } = rules;
  let hasComputeResource = false;
  let hasHugePages = false;
  const look = (amounts: Amounts, path: string, judge?: (name: string, amount: string) => void): void => {
    for (const name of Object.keys(amounts)) {
      const amount = amounts[name] as string;
      const here = `${path}[${name}]`;
      validateName(name, here, out);
      validateResourceAmount(name, amount, here, out);
      judge?.(name, amount);
      if (isHugePages(name)) {
        hasHugePages = true;
        validatePages(name, amount, here, rules);
      } else if (name === "cpu" || name === "memory") hasComputeResource = true;
    }
  };
  look(limits, `${at}.limits`);
  look(requests, `${at}.requests`, (name, amount) => validateRequest({ name, amount, limit: limits[name] }, at, out));
  if (hasHugePages && !hasComputeResource) out.forbidden(at, "HugePages require cpu or memory");
  if (resources.claims !== undefined) validateClaims(resources.claims, `${at}.claims`, rules);
}

function validatePages(name: string, amount: string, at: string, { out, allow }: ResourceRules): void {
  if (!divides(name, parseQuantity(amount)) && !allow.partialHugePages())
    out.invalid(at, amount, `${amount} is not positive integer multiple of ${name}`);
}

interface Request {
  readonly name: string;
  readonly amount: string;
  readonly limit: string | undefined;
}

function validateRequest({ name, amount, limit }: Request, at: string, out: Findings): void {
  if (limit === undefined) {
    if (!isOvercommittable(name)) out.required(`${at}.limits`, "Limit must be set for non overcommitable resources");
    return;
  }
  const order = compareQuantities(parseQuantity(amount), parseQuantity(limit));
  if (order !== 0 && !isOvercommittable(name)) out.invalid(`${at}.requests`, amount, `must be equal to ${name} limit of ${limit}`);
  else if (order > 0) out.invalid(`${at}.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`);
}

function validateClaims(claims: readonly ResourceClaim[], at: string, { out, claimNames }: ResourceRules): void {
  const seen = new Set<string>();
  for (const [index, { name, request = "" }] of claims.entries()) {
    const here = `${at}[${index}]`;
    if (!out.present(name, here)) continue;
    if (seen.has(name)) out.duplicate(here, name);
    else {
      if (request !== "") out.label(request, `${here}.request`);
      const key = request === "" ? name : `${name}/${request}`;
      if (seen.has(key)) out.duplicate(here, key);
      else if (request === "") for (const other of seen) if (other.startsWith(`${name}/`)) out.duplicate(here, name);
      seen.add(key);
    }
    if (claimNames.has(name)) continue;
    const known = claimNames.size === 0 ? " which is empty" : `: ${[...claimNames].sort().join(", ")}`;
    out.notFound(here, name, `must be one of the names in pod.spec.resourceClaims${known}`);
  }
}
