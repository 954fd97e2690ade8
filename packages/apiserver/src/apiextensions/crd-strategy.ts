import {
  cloneJson,
  deepEqual,
  loadPatterns,
  nameRule,
  dnsSubdomainErrors,
  type ResourceStrategy,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { CustomResourceDefinition, CustomResourceDefinitionStatus } from "./types.ts";
import { patternsOf } from "./patterns-of.ts";
import { loadExpressions, validateExpressions } from "./validate-expressions.ts";
import { allowancesFor, validateCustomResourceDefinition, validateCustomResourceDefinitionUpdate } from "./validate-definition.ts";

/** Keeps a CustomResourceDefinition whose deletion was asked for until its objects are gone. */
export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

/** The strategy of `customresourcedefinitions` (apiextensions.k8s.io/v1). */
export const customResourceDefinitionStrategy: ResourceStrategy = {
  allowCreateOnUpdate: false,
  allowUnconditionalUpdate: false,
  deletionFinalizer: cleanupFinalizer,
  applyDefaults: (object) => setDefaults(asDefinition(object)),
  prepareForCreate(object) {
    const crd = asDefinition(object);
    crd.status = {};
    crd.metadata.generation = 1;
    rememberStorageVersion(crd);
  },
  prepareForUpdate(object, old, { subresource }) {
    const crd = asDefinition(object);
    const before = asDefinition(old);
    if (subresource === "status") {
      crd.spec = cloneJson(before.spec);
      keepStatusMetadata(crd, before);
      return;
    }
    crd.status = cloneJson(before.status ?? {});
    const generation = before.metadata.generation ?? 0;
    crd.metadata.generation = deepEqual(crd.spec, before.spec) ? generation : generation + 1;
    rememberStorageVersion(crd);
  },
  validateName: nameRule(dnsSubdomainErrors),
  load(object) {
    const loading = [loadExpressions(asDefinition(object)), loadPatterns(patternsOf(object["spec"]))].filter((each) => each !== undefined);
    return loading.length === 0 ? undefined : Promise.all(loading).then(() => undefined);
  },
  validateCreate(object, { apiVersion }) {
    const errors = validateCustomResourceDefinition(asDefinition(object), allowancesFor(apiVersion));
    return [...errors, ...validateExpressions(asDefinition(object), undefined, errors)];
  },
  validateUpdate(object, old, { apiVersion, subresource }) {
    const isStatus = subresource === "status";
    const errors = validateCustomResourceDefinitionUpdate(asDefinition(object), asDefinition(old), { isStatus, apiVersion });
    return isStatus ? errors : [...errors, ...validateExpressions(asDefinition(object), asDefinition(old), errors)];
  },
};

function asDefinition(object: Readonly<UnstructuredObject>): CustomResourceDefinition {
  return object as unknown as CustomResourceDefinition;
}

function setDefaults(crd: CustomResourceDefinition): void {
  const { spec } = crd;
  if (typeof spec !== "object" || spec === null) return;
  spec.conversion ??= { strategy: "None" };
  const { names } = spec;
  if (typeof names !== "object" || names === null) return;
  if (!names.singular && names.kind) names.singular = names.kind.toLowerCase();
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`;
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined && service !== null) service.port ??= 443;
}

/** A version that was once stored may still be in the store. */
function rememberStorageVersion(crd: CustomResourceDefinition): void {
  const storage = crd.spec?.versions?.find((version) => version.storage)?.name;
  const status: CustomResourceDefinitionStatus = (crd.status ??= {});
  const stored = status.storedVersions ?? [];
  if (storage !== undefined && !stored.includes(storage)) status.storedVersions = [...stored, storage];
}

/** Writers of the status may end the deletion, and change labels and annotations no more than the spec. */
function keepStatusMetadata(crd: CustomResourceDefinition, before: CustomResourceDefinition): void {
  const { metadata } = crd;
  for (const field of ["labels", "annotations", "ownerReferences", "generateName"] as const) {
    if (before.metadata[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: cloneJson(before.metadata[field]) });
  }
  if (before.metadata.generation === undefined) delete metadata.generation;
  else metadata.generation = before.metadata.generation;
}
