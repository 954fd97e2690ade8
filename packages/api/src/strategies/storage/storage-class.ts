import { qualifiedNameErrors, semanticEqual, supportedValues, type Findings } from "@coracle/apimachinery";
import type { StorageClass, TopologySelectorTerm, VolumeAttributesClass } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { validateTopologyTerm } from "../shared/node-selector.ts";

const reclaimPolicies = supportedValues("Delete", "Retain");
const bindingModes = supportedValues("Immediate", "WaitForFirstConsumer");
const parametersLimit = 512;
const parametersLimitBytes = 256 * 1024;

export const storageClasses = strategyOf<StorageClass>({
  hasStatus: false,
  defaults(storageClass) {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  validate(storageClass, out, old) {
    if (old !== undefined) return validateUnchanged(storageClass, old, out);
    validateProvisioner(storageClass.provisioner, "provisioner", out);
    validateParameters(storageClass.parameters ?? {}, "parameters", out);
    if (storageClass.reclaimPolicy) out.oneOf(storageClass.reclaimPolicy, reclaimPolicies, "reclaimPolicy");
    if (storageClass.volumeBindingMode === undefined) out.required("volumeBindingMode");
    else out.oneOf(storageClass.volumeBindingMode, bindingModes, "volumeBindingMode");
    validateTopologies(storageClass.allowedTopologies ?? [], out);
  },
});

function validateUnchanged(storageClass: Readonly<StorageClass>, old: Readonly<StorageClass>, out: Findings): void {
  for (const name of ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const)
    out.immutable(storageClass[name], old[name], name, storageClass[name] ?? null);
}

export const volumeAttributesClasses = strategyOf<VolumeAttributesClass>({
  hasStatus: false,
  validate(attributes, out, old) {
    if (old !== undefined) {
      if (attributes.driverName !== old.driverName) out.forbidden("driverName", "updates to driverName are forbidden.");
      if (!semanticEqual(attributes.parameters, old.parameters)) out.forbidden("parameters", "updates to parameters are forbidden.");
    }
    validateProvisioner(attributes.driverName, "driverName", out);
    const { parameters = {} } = attributes;
    validateParameters(parameters, "parameters", out);
    if (Object.keys(parameters).length === 0) out.required("parameters", "must contain at least one key/value pair");
  },
});

function validateProvisioner(name: string | undefined, at: string, out: Findings): void {
  const lower = (name ?? "").toLowerCase();
  if (out.present(name, at)) out.messages(at, lower, qualifiedNameErrors(lower));
}

function validateParameters(parameters: Readonly<Record<string, string>>, at: string, out: Findings): void {
  const entries = Object.entries(parameters);
  if (entries.length > parametersLimit) out.tooLong(at, parametersLimit);
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === "") out.invalid(at, key, "field can not be empty.");
    bytes += key.length + value.length;
  }
  if (bytes > parametersLimitBytes) out.tooLong(at, parametersLimitBytes);
}

function validateTopologies(topologies: readonly TopologySelectorTerm[], out: Findings): void {
  const seen: unknown[] = [];
  for (const [index, term] of topologies.entries()) {
    validateTopologyTerm(term, `allowedTopologies[${index}]`, out);
    const values = new Map((term.matchLabelExpressions ?? []).map(({ key, values: list }) => [key, (list ?? []).toSorted()]));
    const form = Object.fromEntries([...values].sort(([left], [right]) => (left < right ? -1 : 1)));
    if (seen.some((each) => semanticEqual(each, form))) out.duplicate(`allowedTopologies[${index}].matchLabelExpressions`, "");
    seen.push(form);
  }
}
