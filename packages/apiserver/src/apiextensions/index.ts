/**
 * CustomResourceDefinitions: how one is checked (`validate-*`), what it becomes (`definition-of`, from `schema-of`, `custom-columns` and
 * `custom-strategy`; `rules` are its expressions, `conversion` asks its webhook), and how it lives (`lifecycle`: `naming`, establishing, `instance-cleanup`).
 */
export { cleanupFinalizer, customResourceDefinitionStrategy } from "./crd-strategy.ts";
export { webhookConverter } from "./conversion/webhook-converter.ts";
export { definitionOf } from "./definition-of.ts";
export {
  createCustomResourceLifecycle,
  definitionAddress,
  type CustomResourceLifecycle,
  type CustomResourceLifecycleOptions,
} from "./lifecycle.ts";
export { schemaOfVersion, type SchemaOptions } from "./schema-of.ts";
export { validateCustomResourceDefinition, validateCustomResourceDefinitionUpdate } from "./validate-definition.ts";
export type * from "./types.ts";
