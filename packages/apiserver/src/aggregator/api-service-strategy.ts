import {
  dns1035LabelErrors,
  dnsSubdomainErrors,
  invalidField,
  pathSegmentErrors,
  portNumberErrors,
  requiredField,
  unsupportedField,
  type FieldError,
  type ResourceStrategy,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { apiServiceName, localCondition, withAvailability, type APIService } from "./api-service.ts";

const maxGroupPriority = 20_000;
const maxVersionPriority = 1000;
const conditionStatuses = ["True", "False", "Unknown"];

/** The strategy of `apiservices` (apiregistration.k8s.io/v1). The kind has no generation. */
export const apiServiceStrategy: ResourceStrategy = {
  allowUnconditionalUpdate: false,
  applyDefaults(object) {
    const { service } = asService(object).spec ?? {};
    if (service !== undefined) service.port ??= 443;
  },
  prepareForCreate(object, { nowMs }) {
    delete object["status"];
    const service = asService(object);
    // Nobody has to look: this server is there.
    if (service.spec?.service === undefined) put(object, "status", withAvailability(service, localCondition, nowMs).status);
  },
  prepareForUpdate(object, old, { subresource }) {
    if (subresource !== "status") {
      put(object, "status", old["status"]);
      return;
    }
    put(object, "spec", old["spec"]);
    for (const field of ["labels", "annotations", "finalizers", "ownerReferences"] as const) {
      put(object.metadata as Record<string, unknown>, field, old.metadata[field]);
    }
  },
  // What the name must be depends on the spec; that is looked at in validateCreate.
  validateName: (name) => [...pathSegmentErrors(name)],
  validateCreate: (object) => validateSpec(asService(object)),
  validateUpdate: (object, _old, { subresource }) =>
    subresource === "status" ? validateStatus(asService(object)) : validateSpec(asService(object)),
};

/** Sets a field, or takes it away. */
function put(target: Record<string, unknown>, field: string, value: unknown): void {
  if (value === undefined) delete target[field];
  else target[field] = value;
}

function asService(object: Readonly<UnstructuredObject>): APIService {
  return object as unknown as APIService;
}

function validateSpec(service: Readonly<APIService>): FieldError[] {
  const { group = "", version = "", groupPriorityMinimum = 0, versionPriority = 0 } = service.spec ?? {};
  const errors: FieldError[] = [];
  const { name = "" } = service.metadata;
  const required = apiServiceName(group, version);
  if (name !== required && pathSegmentErrors(name).length === 0)
    errors.push(invalidField("metadata.name", name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(required)}`));
  if (group === "" && version !== "v1")
    errors.push(requiredField("spec.group", "only v1 may have an empty group and it better be legacy kube"));
  if (group !== "") errors.push(...dnsSubdomainErrors(group).map((detail) => invalidField("spec.group", group, detail)));
  errors.push(...dns1035LabelErrors(version).map((detail) => invalidField("spec.version", version, detail)));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > maxGroupPriority)
    errors.push(invalidField("spec.groupPriorityMinimum", groupPriorityMinimum, "must be positive and less than 20000"));
  if (versionPriority <= 0 || versionPriority > maxVersionPriority)
    errors.push(invalidField("spec.versionPriority", versionPriority, "must be positive and less than 1000"));
  return [...errors, ...validateBackend(service)];
}

/** Who serves, and how that is known to be them. */
function validateBackend({ spec }: Readonly<APIService>): FieldError[] {
  const { service, caBundle = "", insecureSkipTLSVerify = false } = spec ?? {};
  const errors: FieldError[] = [];
  if (service === undefined) {
    const length = Buffer.byteLength(caBundle, "base64");
    if (length > 0) errors.push(invalidField("spec.caBundle", `${length} bytes`, "local APIServices may not have a caBundle"));
    if (insecureSkipTLSVerify)
      errors.push(invalidField("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify"));
    return errors;
  }
  if ((service.namespace ?? "") === "") errors.push(requiredField("spec.service.namespace"));
  if ((service.name ?? "") === "") errors.push(requiredField("spec.service.name"));
  const portErrors = portNumberErrors(service.port ?? 0);
  if (portErrors.length > 0)
    errors.push(invalidField("spec.service.port", service.port ?? 0, `port is not valid: ${portErrors.join(", ")}`));
  if (insecureSkipTLSVerify && caBundle !== "")
    errors.push(invalidField("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"));
  return errors;
}

function validateStatus({ status }: Readonly<APIService>): FieldError[] {
  return (status?.conditions ?? []).flatMap((condition, index) =>
    conditionStatuses.includes(condition.status)
      ? []
      : [unsupportedField(`status.conditions[${index}].status`, condition.status, conditionStatuses)],
  );
}
