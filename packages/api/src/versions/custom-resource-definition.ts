import { deepEqual, setField, type UnstructuredObject } from "@coracle/apimachinery";
import { objectAt, objectsAt, rename, setDefault, type Fields } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

/** What `v1beta1` may say once for all versions, and what each version calls it. */
const sharedFields = [
  ["validation", "schema"],
  ["subresources", "subresources"],
  ["additionalPrinterColumns", "additionalPrinterColumns"],
  ["selectableFields", "selectableFields"],
] as const;

/** `apiextensions.k8s.io/v1beta1`: one version, or several that share schema, subresources and columns. */
export const customResourceDefinitionForm: VersionForm = {
  toStorage(object) {
    const spec = objectAt(object, "spec");
    if (spec === undefined) return;
    const versions = objectsAt(spec, "versions");
    for (const [shared, own] of sharedFields) {
      if (spec[shared] === undefined) continue;
      for (const version of versions) setField(version, own, structuredClone(spec[shared]));
    }
    for (const column of columnsOf(versions)) rename(column, "JSONPath", "jsonPath");
    if (spec["preserveUnknownFields"] === false) delete spec["preserveUnknownFields"];
    nestWebhook(objectAt(spec, "conversion"));
  },
  fromStorage(object) {
    const spec = objectAt(object, "spec");
    const versions = objectsAt(spec, "versions");
    for (const column of columnsOf(versions)) rename(column, "jsonPath", "JSONPath");
    if (spec === undefined || versions.length === 0) return;
    // Absent means false in `v1`, and true in `v1beta1`.
    setDefault(spec, "preserveUnknownFields", false);
    setField(spec, "version", versions[0]?.["name"]);
    for (const [shared, own] of sharedFields) shareField(spec, versions, { shared, own });
    flattenWebhook(objectAt(spec, "conversion"));
  },
  applyDefaults(object) {
    const spec = objectAt(object, "spec");
    if (spec === undefined) return;
    const { version } = spec;
    const versions = objectsAt(spec, "versions");
    if (versions.length > 0) setDefault(spec, "version", versions[0]?.["name"]);
    else if (typeof version === "string" && version !== "") spec["versions"] = [{ name: version, served: true, storage: true }];
    const conversion = objectAt(spec, "conversion");
    if (conversion?.["strategy"] === "Webhook") setDefault(conversion, "conversionReviewVersions", ["v1beta1"]);
    rememberStorageVersion(object, objectsAt(spec, "versions"));
  },
};

function columnsOf(versions: readonly Fields[]): Fields[] {
  return versions.flatMap((version) => objectsAt(version, "additionalPrinterColumns"));
}

/** What all versions agree on moves to the spec. */
function shareField(spec: Fields, versions: readonly Fields[], { shared, own }: { readonly shared: string; readonly own: string }): void {
  const value = versions[0]?.[own];
  if (!versions.every((version) => deepEqual(version[own], value))) return;
  if (value !== undefined) setField(spec, shared, value);
  for (const version of versions) delete version[own];
}

function nestWebhook(conversion: Fields | undefined): void {
  const { webhookClientConfig: clientConfig, conversionReviewVersions } = conversion ?? {};
  if (conversion === undefined || (clientConfig === undefined && conversionReviewVersions === undefined)) return;
  setField(conversion, "webhook", {
    ...(clientConfig !== undefined && { clientConfig }),
    ...(conversionReviewVersions !== undefined && { conversionReviewVersions }),
  });
}

function flattenWebhook(conversion: Fields | undefined): void {
  const { clientConfig, conversionReviewVersions } = objectAt(conversion, "webhook") ?? {};
  if (conversion === undefined) return;
  if (clientConfig !== undefined) conversion["webhookClientConfig"] = clientConfig;
  if (conversionReviewVersions !== undefined) conversion["conversionReviewVersions"] = conversionReviewVersions;
}

function rememberStorageVersion(object: UnstructuredObject, versions: readonly Fields[]): void {
  const storage = versions.find((version) => version["storage"] === true)?.["name"];
  const status = objectAt(object, "status");
  if (status !== undefined && storage !== undefined) setDefault(status, "storedVersions", [storage]);
}
