import { validateClientConfig } from "@coracle/api";
import {
  dns1035LabelErrors,
  dnsSubdomainErrors,
  fieldPath,
  Findings,
  forbiddenField,
  indexPath,
  invalidField,
  requiredField,
  semanticEqual,
  unsupportedField,
  validateImmutable,
  type FieldError,
} from "@coracle/apimachinery";
import { isEstablished } from "./naming.ts";
import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceNames,
  CustomResourceVersion,
  JsonSchemaProps,
} from "./types.ts";
import { validateColumn, validateSelectableFields, validateSubresources, validateVersionSchema } from "./validate-version.ts";

/** What `v1beta1` allowed and `v1` does not. As upstream, a definition that has made use of it may keep it. */
export interface Allowances {
  /** `preserveUnknownFields`, and with it schemas that are not structural. */
  readonly preservation: boolean;
  readonly absentSchemas: boolean;
}

const retiredVersion = "apiextensions.k8s.io/v1beta1";

/** What a request in `apiVersion` may ask for. */
export function allowancesFor(apiVersion: string, old?: Readonly<CustomResourceDefinition>): Allowances {
  const isRetired = apiVersion === retiredVersion;
  const versions = old?.spec.versions ?? [];
  return {
    preservation: isRetired || old?.spec.preserveUnknownFields === true,
    absentSchemas: isRetired || versions.some(({ schema }) => schema?.openAPIV3Schema === undefined),
  };
}

/** Findings in a new CustomResourceDefinition, besides those in its metadata. Texts and order are kube-apiserver's. */
export function validateCustomResourceDefinition(
  crd: Readonly<CustomResourceDefinition>,
  allowances: Allowances = allowancesFor(crd.apiVersion),
): FieldError[] {
  const spec = validateSpec(crd, allowances);
  return [...validateName(crd), ...spec, ...validateStatus(crd), ...validateStoredVersions(crd), ...validateApproval(crd)];
}

/** The schemas that versions have, each once, with the paths at which upstream reports on them. */
export function schemasOf({
  spec,
}: Readonly<CustomResourceDefinition>): { readonly path: string; readonly version: string; readonly schema: JsonSchemaProps }[] {
  const versions = spec.versions ?? [];
  const isShared = sharedParts(versions).schema;
  const found = versions.flatMap(({ name, schema }, index) => {
    const path = isShared ? "spec.validation.openAPIV3Schema" : `spec.versions[${index}].schema.openAPIV3Schema`;
    return schema?.openAPIV3Schema === undefined ? [] : [{ path, version: name, schema: schema.openAPIV3Schema }];
  });
  return isShared ? found.slice(0, 1) : found;
}

/** Findings in a changed CustomResourceDefinition. */
export function validateCustomResourceDefinitionUpdate(
  crd: Readonly<CustomResourceDefinition>,
  old: Readonly<CustomResourceDefinition>,
  { isStatus, apiVersion = crd.apiVersion }: { readonly isStatus: boolean; readonly apiVersion?: string },
): FieldError[] {
  if (isStatus) return validateStatus(crd);
  const errors = validateSpec(crd, allowancesFor(apiVersion, old));
  if (isEstablished(old)) {
    errors.push(...validateImmutable(crd.spec.scope, old.spec.scope, "spec.scope"));
    errors.push(...validateImmutable(crd.spec.names.kind, old.spec.names.kind, "spec.names.kind"));
  }
  errors.push(...validateImmutable(crd.spec.group, old.spec.group, "spec.group"));
  errors.push(...validateImmutable(crd.spec.names.plural, old.spec.names.plural, "spec.names.plural"));
  const approval = semanticEqual(crd.metadata.annotations, old.metadata.annotations) ? [] : validateApproval(crd);
  return [...errors, ...validateStatus(crd), ...validateStoredVersions(crd), ...approval];
}

function validateName({ metadata, spec }: Readonly<CustomResourceDefinition>): FieldError[] {
  const name = metadata.name ?? "";
  const isRight = name === `${spec.names?.plural ?? ""}.${spec.group ?? ""}`;
  return isRight ? [] : [invalidField("metadata.name", name, 'must be spec.names.plural+"."+spec.group')];
}

function validateSpec({ spec }: Readonly<CustomResourceDefinition>, { preservation, absentSchemas }: Allowances): FieldError[] {
  const names = spec.names ?? { plural: "", kind: "" };
  return [
    ...validateGroup(spec.group ?? ""),
    ...validateScope(spec.scope),
    ...(spec.preserveUnknownFields === true && !preservation
      ? [
          invalidField(
            "spec.preserveUnknownFields",
            true,
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
          ),
        ]
      : []),
    ...validateVersions(spec.versions ?? [], { absentSchemas, isStructural: spec.preserveUnknownFields !== true || !preservation }),
    ...(["plural", "singular", "kind", "listKind"] as const)
      .filter((name) => !names[name])
      .map((name) => requiredField(`spec.names.${name}`)),
    ...validateNames(names, "spec.names"),
    ...validateConversion(spec.conversion),
  ];
}

function validateGroup(group: string): FieldError[] {
  if (group === "") return [requiredField("spec.group")];
  const errors = dnsSubdomainErrors(group);
  if (errors.length > 0) return [invalidField("spec.group", group, errors.join(","))];
  return group.includes(".") ? [] : [invalidField("spec.group", group, "should be a domain with at least one dot")];
}

function validateScope(scope: string | undefined): FieldError[] {
  const known = ["Cluster", "Namespaced"];
  if (!scope) return [requiredField("spec.scope")];
  return known.includes(scope) ? [] : [unsupportedField("spec.scope", scope, known)];
}

interface SchemaRules {
  readonly absentSchemas: boolean;
  readonly isStructural: boolean;
}

function validateVersions(versions: readonly CustomResourceVersion[], rules: SchemaRules): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, version] of versions.entries()) {
    if (!version.schema?.openAPIV3Schema && !rules.absentSchemas)
      errors.push(requiredField(`spec.versions[${index}].schema.openAPIV3Schema`));
  }
  const isShared = sharedParts(versions);
  for (const [index, version] of versions.entries()) {
    errors.push(...validateVersion(version, indexPath("spec.versions", index), { isShared, rules }));
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.push(invalidField("spec.versions", versions, "must contain unique version names"));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalidField("spec.versions", versions, "must have exactly one version marked as storage version"));
  }
  const [first] = versions;
  if (first === undefined) return errors;
  // Upstream keeps the first version's name at the spec too.
  const nameErrors = dns1035LabelErrors(first.name ?? "");
  if (first.name && nameErrors.length > 0) errors.push(invalidField("spec.version", first.name, nameErrors.join(",")));
  if (isShared.schema) errors.push(...validateSchemaOf(first, "spec.validation", rules));
  if (isShared.subresources) errors.push(...validateSubresources(first.subresources, "spec.subresources"));
  if (isShared.columns) errors.push(...validateColumns(first, "spec.additionalPrinterColumns"));
  if (isShared.selectableFields) errors.push(...validateSelectableFields(first, "spec.selectableFields"));
  return errors;
}

interface SharedParts {
  readonly schema: boolean;
  readonly subresources: boolean;
  readonly columns: boolean;
  readonly selectableFields: boolean;
}

/** What all versions have in common upstream keeps once, at the spec, and so do the paths of its findings. */
function sharedParts(versions: readonly CustomResourceVersion[]): SharedParts {
  const [first] = versions;
  const same = (part: (version: CustomResourceVersion) => unknown): boolean =>
    first !== undefined && versions.every((version) => semanticEqual(part(version), part(first)));
  return {
    schema: same((version) => version.schema),
    subresources: same((version) => version.subresources),
    columns: same((version) => version.additionalPrinterColumns),
    selectableFields: same((version) => version.selectableFields),
  };
}

function validateVersion(
  version: CustomResourceVersion,
  path: string,
  { isShared, rules }: { readonly isShared: SharedParts; readonly rules: SchemaRules },
): FieldError[] {
  const errors: FieldError[] = [];
  const name = version.name ?? "";
  const nameErrors = dns1035LabelErrors(name);
  if (nameErrors.length > 0) errors.push(invalidField(`${path}.name`, name, nameErrors.join(",")));
  for (const detail of deprecationErrors(version))
    errors.push(invalidField(`${path}.deprecationWarning`, version.deprecationWarning, detail));
  if (!isShared.schema) errors.push(...validateSchemaOf(version, `${path}.schema`, rules));
  if (!isShared.subresources) errors.push(...validateSubresources(version.subresources, `${path}.subresources`));
  if (!isShared.columns) errors.push(...validateColumns(version, `${path}.additionalPrinterColumns`));
  if (!isShared.selectableFields) errors.push(...validateSelectableFields(version, `${path}.selectableFields`));
  return errors;
}

function validateSchemaOf(version: CustomResourceVersion, path: string, { isStructural }: SchemaRules): FieldError[] {
  const schema = version.schema?.openAPIV3Schema;
  const hasStatus = version.subresources?.status !== undefined && version.subresources.status !== null;
  return schema ? validateVersionSchema(schema, { hasStatus, isStructural }, `${path}.openAPIV3Schema`) : [];
}

function validateColumns(version: CustomResourceVersion, path: string): FieldError[] {
  return (version.additionalPrinterColumns ?? []).flatMap((column, index) => validateColumn(column, indexPath(path, index)));
}

function deprecationErrors({ deprecated, deprecationWarning }: CustomResourceVersion): string[] {
  if (deprecationWarning === undefined) return [];
  if (deprecated !== true) return ["can only be set for deprecated versions"];
  const errors: string[] = [];
  if (deprecationWarning.length > 256) errors.push("must be <= 256 characters long");
  if (deprecationWarning === "") errors.push("must not be an empty string");
  const index = deprecationWarning.search(/[^\P{C}]|[\u2028\u2029]/u);
  if (index >= 0) errors.push(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  return errors;
}

function validateNames(names: Partial<CustomResourceNames>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const check = (value: string | undefined, at: string): void => {
    const found = value ? dns1035LabelErrors(value) : [];
    if (found.length > 0) errors.push(invalidField(at, value, found.join(",")));
  };
  check(names.plural, `${path}.plural`);
  check(names.singular, `${path}.singular`);
  for (const name of ["kind", "listKind"] as const) {
    const value = names[name] ?? "";
    const found = value === "" ? [] : dns1035LabelErrors(value.toLowerCase());
    if (found.length > 0) {
      errors.push(invalidField(`${path}.${name}`, value, `may have mixed case, but should otherwise match: ${found.join(",")}`));
    }
  }
  const checkItem = (value: string, at: string): void => {
    const found = dns1035LabelErrors(value);
    if (found.length > 0) errors.push(invalidField(at, value, found.join(",")));
  };
  for (const [index, name] of (names.shortNames ?? []).entries()) checkItem(name, indexPath(`${path}.shortNames`, index));
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalidField(`${path}.listKind`, names.listKind, "kind and listKind may not be the same"));
  }
  for (const [index, name] of (names.categories ?? []).entries()) checkItem(name, indexPath(`${path}.categories`, index));
  return errors;
}

function validateConversion(conversion: CustomResourceConversion | undefined): FieldError[] {
  if (conversion === undefined) return [];
  const path = "spec.conversion";
  const known = ["None", "Webhook"];
  if (!conversion.strategy) return [requiredField(`${path}.strategy`)];
  if (!known.includes(conversion.strategy)) return [unsupportedField(`${path}.strategy`, conversion.strategy, known)];
  const config = conversion.webhook?.clientConfig;
  const at = `${path}.webhookClientConfig`;
  const versions = conversion.webhook?.conversionReviewVersions ?? [];
  const reviewPath = `${path}.conversionReviewVersions`;
  if (conversion.strategy === "None") {
    const detail = "should not be set when strategy is not set to Webhook";
    return [
      ...(config === undefined ? [] : [forbiddenField(at, detail)]),
      ...(versions.length === 0 ? [] : [forbiddenField(reviewPath, detail)]),
    ];
  }
  const findings = new Findings();
  if (config === undefined) findings.required(at, "required when strategy is set to Webhook");
  else validateClientConfig(config, at, findings);
  return [...findings.errors, ...validateReviewVersions(versions, reviewPath)];
}

function validateReviewVersions(versions: readonly string[], path: string): FieldError[] {
  if (versions.length === 0) return [requiredField(path)];
  const errors: FieldError[] = [];
  for (const [index, version] of versions.entries()) {
    if (versions.indexOf(version) < index) errors.push(invalidField(indexPath(path, index), version, "duplicate version"));
    else for (const detail of dns1035LabelErrors(version)) errors.push(invalidField(indexPath(path, index), version, detail));
  }
  if (!versions.some((version) => version === "v1" || version === "v1beta1"))
    errors.push(invalidField(path, versions, "must include at least one of v1, v1beta1"));
  return errors;
}

function validateStatus({ status }: Readonly<CustomResourceDefinition>): FieldError[] {
  return validateNames(status?.acceptedNames ?? {}, fieldPath("status", "acceptedNames"));
}

function validateStoredVersions({ spec, status }: Readonly<CustomResourceDefinition>): FieldError[] {
  const path = "status.storedVersions";
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalidField(path, null, "must have at least one stored version")];
  const versions = spec.versions ?? [];
  const errors = versions
    .filter(({ name, storage }) => storage && !stored.includes(name))
    .map(({ name }) => invalidField(path, stored, `must have the storage version ${name}`));
  for (const [index, name] of stored.entries()) {
    if (versions.some((version) => version.name === name)) continue;
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalidField(indexPath(path, index), name, detail));
  }
  return errors;
}

const approvalAnnotation = "api-approved.kubernetes.io";
const approvalHelp = "see https://github.com/kubernetes/enhancements/pull/1111";

/** Groups of the Kubernetes project need its approval. */
function validateApproval({ metadata, spec }: Readonly<CustomResourceDefinition>): FieldError[] {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(spec.group ?? "")) return [];
  const path = `metadata.annotations[${approvalAnnotation}]`;
  const value = metadata.annotations?.[approvalAnnotation] ?? "";
  if (value === "") return [requiredField(path, `protected groups must have approval annotation "${approvalAnnotation}", ${approvalHelp}`)];
  if (value.startsWith("unapproved") || URL.canParse(value)) return [];
  const detail = `protected groups must have approval annotation "${approvalAnnotation}" with either a URL or a reason starting with "unapproved", ${approvalHelp}`;
  return [invalidField(path, value, detail)];
}
