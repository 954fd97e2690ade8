import { cloneJson, deepEqual, type ResourceStrategy, type UnstructuredObject } from "@coracle/apimachinery";

/** The strategy of a custom resource. The registry checks objects against the schema of the version that a request is for. */
export function customResourceStrategy(hasStatus: boolean): ResourceStrategy {
  return {
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: false,
    prepareForCreate(object) {
      if (hasStatus) delete object["status"];
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old, { subresource }) {
      if (subresource === "status") keepAllButStatus(object, old);
      else if (hasStatus) keepStatus(object, old);
      const generation = old.metadata.generation ?? 0;
      const isSame = subresource === "status" || deepEqual(specOf(object, hasStatus), specOf(old, hasStatus));
      object.metadata.generation = isSame ? generation : generation + 1;
    },
  };
}

/** A status write changes the status, and who owns it. */
function keepAllButStatus(object: UnstructuredObject, old: Readonly<UnstructuredObject>): void {
  const status = object["status"];
  const { managedFields } = object.metadata;
  const hasStatus = Object.hasOwn(object, "status");
  const { resourceVersion } = object.metadata;
  for (const name of Object.keys(object)) if (name !== "apiVersion" && name !== "kind") delete object[name];
  for (const [name, value] of Object.entries(old)) if (name !== "apiVersion" && name !== "kind") object[name] = cloneJson(value);
  if (hasStatus) object["status"] = status;
  else delete object["status"];
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  else delete object.metadata.managedFields;
  if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
}

function keepStatus(object: UnstructuredObject, old: Readonly<UnstructuredObject>): void {
  if (Object.hasOwn(old, "status")) object["status"] = cloneJson(old["status"]);
  else delete object["status"];
}

/** What a change of raises the generation. */
function specOf(object: Readonly<UnstructuredObject>, hasStatus: boolean): Record<string, unknown> {
  const { apiVersion: _a, kind: _k, metadata: _m, status, ...rest } = object;
  return hasStatus ? rest : { ...rest, status };
}
