import { deepEqual, newForbidden, parseApiVersion, type OwnerReference, type ResourceDefinition } from "@coracle/apimachinery";
import { attributesFor, type Attributes } from "../authorization/attributes.ts";
import { isResource, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";
import type { Authorize } from "./authorize.ts";

/**
 * Owners decide when an object goes: they are set by those who may delete it, and hold their owner back only for those who may set that
 * one's finalizers. Off unless it is asked for.
 */
export function createOwnerReferencesEnforcement(authorize: Authorize): AdmissionPlugin {
  return {
    name: "OwnerReferencesPermissionEnforcement",
    handles: ({ definition, operation, subresource, object, old }) => {
      if (operation !== "CREATE" && operation !== "UPDATE") return false;
      if (isResource(definition, "pods") && subresource === "status") return false;
      return !deepEqual(object?.metadata?.ownerReferences ?? [], old?.metadata.ownerReferences ?? []);
    },
    validate(attributes, environment) {
      if (attributes.operation === "UPDATE") checkDeletion(attributes, authorize);
      checkBlocking(attributes, environment, authorize);
    },
  };
}

function checkDeletion(attributes: AdmissionAttributes, authorize: Authorize): void {
  const { definition, served, namespace, name, subresource, context } = attributes;
  const { group, resource } = definition;
  const asked = { verb: "delete", group, version: served.version.version, resource, subresource, namespace, name };
  const decision = authorize(attributesFor(context.user, asked));
  if (decision.type === "allow") return;
  throw newForbidden(definition, name, `cannot set an ownerRef on a resource you can't delete: ${decision.reason}, <nil>`);
}

function checkBlocking(attributes: AdmissionAttributes, environment: AdmissionEnvironment, authorize: Authorize): void {
  const { definition, name, context } = attributes;
  const references = newlyBlocking(attributes);
  if (references.length === 0) return;
  const anything = { verb: "update", group: "*", version: "*", resource: "*", subresource: "finalizers", name: "*" };
  if (authorize(attributesFor(context.user, anything)).type === "allow") return;
  for (const reference of references) {
    const owners = environment.resources().filter((each) => isKindOf(each, reference));
    if (owners.length === 0) {
      const { apiVersion, kind } = reference;
      const { group, version } = parseApiVersion(apiVersion);
      const missing = `no matches for kind "${kind}" in version "${group === "" ? version : `${group}/${version}`}"`;
      const cause = `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}`;
      throw newForbidden(definition, name, `${cause}: ${missing}`);
    }
    for (const owner of owners) {
      const decision = authorize(finalizersOf(owner, reference, attributes));
      if (decision.type === "allow") continue;
      const cause = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on";
      throw newForbidden(definition, name, `${cause}: ${decision.reason}, <nil>`);
    }
  }
}

/** References that block their owner's deletion and did not before. */
function newlyBlocking({ object, old }: AdmissionAttributes): OwnerReference[] {
  const before = old?.metadata.ownerReferences ?? [];
  const blocking = (object?.metadata?.ownerReferences ?? []).filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true);
  return blocking.filter(({ uid }) => before.find((each) => each.uid === uid)?.blockOwnerDeletion !== true);
}

function isKindOf({ group, kind, versions }: ResourceDefinition, reference: OwnerReference): boolean {
  const wanted = parseApiVersion(reference.apiVersion);
  return (
    group === wanted.group && kind === reference.kind && versions.some(({ version, isServed }) => isServed && version === wanted.version)
  );
}

function finalizersOf(owner: ResourceDefinition, reference: OwnerReference, { namespace, context }: AdmissionAttributes): Attributes {
  const { version } = parseApiVersion(reference.apiVersion);
  return attributesFor(context.user, {
    verb: "update",
    group: owner.group,
    version,
    resource: owner.resource,
    subresource: "finalizers",
    name: reference.name,
    // A namespaced owner is in the same namespace.
    namespace: owner.isNamespaced ? namespace : "",
  });
}
