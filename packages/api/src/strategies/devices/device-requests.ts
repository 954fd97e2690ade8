import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  identifierErrors,
  labelValueErrors,
  supportedValues,
  type Findings,
} from "@coracle/apimachinery";
import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
} from "../../generated/resource-v1.ts";
import { validateCsiDriverName } from "../storage/volume-kinds.ts";
import { validateConfiguration, validateSelectors } from "./device-configuration.ts";
import { validateList, validateUnique } from "./lists.ts";

const requestsLimit = 32;
const subRequestsLimit = 8;
const constraintsLimit = 32;
const configLimit = 32;
const modes = supportedValues("All", "ExactCount");
const operators = supportedValues("Equal", "Exists");
const effects = supportedValues("NoExecute", "NoSchedule", "None");

/** Names of requests, and of the alternatives below each. */
type Names = ReadonlyMap<string, ReadonlySet<string>>;

export function validateDeviceClaim(claim: Readonly<DeviceClaim>, at: string, out: Findings): void {
  const { requests = [], constraints = [], config = [] } = claim;
  const names: Names = new Map(requests.map((each) => [each.name, new Set((each.firstAvailable ?? []).map(({ name }) => name))]));
  validateList({ items: requests, mostItems: requestsLimit, at: `${at}.requests`, out }, (each, here) => validateRequest(each, here, out));
  validateUnique(requests, ({ name }) => name, `${at}.requests`, out);
  validateList({ items: constraints, mostItems: constraintsLimit, at: `${at}.constraints`, out }, (each, here) =>
    validateConstraint(each, here, names, out),
  );
  validateList({ items: config, mostItems: configLimit, at: `${at}.config`, out }, (each, here) => validateConfig(each, here, names, out));
}

function validateRequest(request: Readonly<DeviceRequest>, at: string, out: Findings): void {
  const { name = "", exactly, firstAvailable = [] } = request;
  out.messages(`${at}.name`, name, dnsLabelErrors(name));
  const text = "exactly one of `exactly` or `firstAvailable` is required";
  if (exactly === undefined && firstAvailable.length === 0) out.required(at, text);
  else if (exactly !== undefined && firstAvailable.length > 0) out.invalid(at, null, `${text}, but multiple fields are set`);
  else if (exactly !== undefined) validateAsked(exactly, `${at}.exactly`, out);
  else {
    const here = `${at}.firstAvailable`;
    validateList({ items: firstAvailable, mostItems: subRequestsLimit, at: here, out }, (each, place) => {
      out.messages(`${place}.name`, each.name ?? "", dnsLabelErrors(each.name ?? ""));
      validateAsked(each, place, out);
    });
    validateUnique(firstAvailable, (each) => each.name, here, out);
  }
}

function validateAsked(asked: Readonly<ExactDeviceRequest | DeviceSubRequest>, at: string, out: Findings): void {
  const { deviceClassName: name = "", allocationMode: mode = "", count = 0 } = asked;
  if (out.present(name, `${at}.deviceClassName`)) out.messages(`${at}.deviceClassName`, name, dnsSubdomainErrors(name));
  validateSelectors(asked.selectors ?? [], `${at}.selectors`, out);
  if (mode === "All") {
    if (count !== 0) out.invalid(`${at}.count`, count, "must not be specified when allocationMode is 'All'");
  } else if (mode === "ExactCount") {
    if (count <= 0) out.invalid(`${at}.count`, count, "must be greater than zero");
  } else out.unsupported(`${at}.allocationMode`, mode, modes.values);
  for (const [index, toleration] of (asked.tolerations ?? []).entries()) validateToleration(toleration, `${at}.tolerations[${index}]`, out);
}

function validateToleration(
  { key = "", operator = "", value = "", effect = "" }: Readonly<DeviceToleration>,
  at: string,
  out: Findings,
): void {
  if (key !== "") out.qualifiedName(key, `${at}.key`);
  if (operator === "Exists") {
    if (value !== "") out.invalid(`${at}.value`, value, "must be empty for operator `Exists`");
  } else if (operator === "Equal") out.messages(`${at}.value`, value, labelValueErrors(value));
  else out.requiredOneOf(operator, operators, `${at}.operator`);
  if (effect !== "") out.oneOf(effect, effects, `${at}.effect`);
}

function validateConstraint(constraint: Readonly<DeviceConstraint>, at: string, names: Names, out: Findings): void {
  validateReferences(constraint.requests ?? [], `${at}.requests`, names, out);
  const { matchAttribute, distinctAttribute } = constraint;
  if (matchAttribute !== undefined) validateAttribute(matchAttribute, `${at}.matchAttribute`, out);
  else if (distinctAttribute !== undefined) validateAttribute(distinctAttribute, `${at}.distinctAttribute`, out);
  else out.required(at, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set');
}

function validateConfig(config: Readonly<DeviceClaimConfiguration>, at: string, names: Names, out: Findings): void {
  validateReferences(config.requests ?? [], `${at}.requests`, names, out);
  validateConfiguration(config.opaque, at, out);
}

function validateReferences(references: readonly string[], at: string, names: Names, out: Findings): void {
  const text = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  validateList({ items: references, mostItems: requestsLimit, at, out }, (reference, here) => {
    const segments = reference.split("/");
    if (segments.length > 2) out.invalid(here, reference, text);
    for (const segment of segments) out.messages(here, segment, dnsLabelErrors(segment));
    const [name = "", alternative] = segments;
    const isKnown = segments.length < 3 && (alternative === undefined ? names.has(name) : names.get(name)?.has(alternative) === true);
    if (!isKnown) out.invalid(here, reference, text);
  });
  validateUnique(references, (reference) => reference, at, out);
}

const identifierLimit = 32;

/** The name of an attribute with its domain. */
function validateAttribute(name: string, at: string, out: Findings): void {
  validateAttributeName(name, at, out);
  if (!name.includes("/")) out.invalid(at, name, "a fully qualified name must be a domain and a name separated by a slash");
}

/** `example.com/model`, or `model` of the driver's own domain. */
export function validateAttributeName(name: string, at: string, out: Findings): void {
  const parts = name.split("/");
  if (parts.length > 2) return;
  if (parts.length === 2) {
    if (parts[0] === "") out.invalid(at, "", "the domain must not be empty");
    else validateCsiDriverName(parts[0], at, out);
    if (parts[1] === "") return out.invalid(at, "", "the name must not be empty");
  }
  const identifier = parts.at(-1) as string;
  if (identifier.length > identifierLimit) out.tooLong(at, identifierLimit);
  out.messages(at, identifier, identifierErrors(identifier));
}
