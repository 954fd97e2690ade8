import type { CustomResourceDefinition, JsonSchemaProps } from "./types.ts";

/** What a definition asks for and this server does not do, as `Warning` texts: nobody should rely on a check that does not run. */
export function missingFeatures(crd: Readonly<CustomResourceDefinition>): string[] {
  const texts: string[] = [];
  const { conversion, versions = [] } = crd.spec;
  if (conversion?.strategy === "Webhook" && versions.length > 1) {
    texts.push("spec.conversion.strategy: the webhook is not called; objects are converted as with None");
  }
  if (versions.some((version) => hasRules(version.schema?.openAPIV3Schema))) {
    texts.push("x-kubernetes-validations: the rules are not enforced");
  }
  return texts;
}

function hasRules(schema: JsonSchemaProps | undefined): boolean {
  if (schema === undefined) return false;
  if ((schema["x-kubernetes-validations"]?.length ?? 0) > 0) return true;
  const { items, properties = {}, additionalProperties } = schema;
  if (items !== undefined && !Array.isArray(items) && hasRules(items)) return true;
  if (typeof additionalProperties === "object" && hasRules(additionalProperties)) return true;
  return Object.values(properties).some(hasRules);
}
