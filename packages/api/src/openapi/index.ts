/**
 * `@coracle/api/openapi`: the OpenAPI documents of built-in and custom resources. A separate entry, for it brings along what every type
 * and field means (`data/descriptions`), which a cluster never loads until somebody asks for a document.
 */
export { openApiV2, openApiV3, openApiV3Discovery } from "./documents.ts";
