import { deepEqual, setField, type ResourceStrategy, type UnstructuredObject } from "@coracle/apimachinery";

const unversioned = new Set(["apiVersion", "kind", "metadata", "status"]);

/**
 * What the kinds with a status subresource have in common: clients of the main resource cannot write `status`, clients of `status`
 * nothing else but metadata, those of `approval` its conditions; `metadata.generation` counts the changes of everything else.
 */
export const statusStrategy: ResourceStrategy = {
  prepareForCreate(object) {
    delete object["status"];
    object.metadata.generation = 1;
  },
  prepareForUpdate(object, old, { subresource }) {
    if (subresource === "status") {
      for (const key of desiredKeys(object, old)) setField(object, key, old[key]);
    } else if (subresource !== "approval") {
      setField(object, "status", old["status"]);
    }
    const isChanged = desiredKeys(object, old).some((key) => !deepEqual(object[key], old[key]));
    setField(
      object.metadata as Record<string, unknown>,
      "generation",
      isChanged ? (old.metadata.generation ?? 0) + 1 : old.metadata.generation,
    );
  },
};

function desiredKeys(object: UnstructuredObject, old: Readonly<UnstructuredObject>): string[] {
  return [...new Set([...Object.keys(object), ...Object.keys(old)])].filter((key) => !unversioned.has(key));
}
