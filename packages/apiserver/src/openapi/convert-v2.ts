import { mergeV2 } from "./merge-v2.ts";

type Json = Record<string, unknown>;

const methods = new Set(["get", "put", "post", "delete", "options", "head", "patch"]);

/**
 * The OpenAPI 3.0 document of one group and version, made of a Swagger 2.0 document: for extension API servers that have no other.
 * What version 2 cannot say (nullable, oneOf) stays unsaid.
 */
export function convertV2(document: Readonly<Json>, prefix: string): Json {
  const { info, paths, definitions, parameters } = mergeV2({ info: document["info"] }, [{ document, prefix }]);
  const parameterOf = (value: unknown): Json => {
    const reference = (value as Json)["$ref"];
    const name = typeof reference === "string" ? /^#\/parameters\/(.+)$/.exec(reference)?.[1] : undefined;
    return name === undefined ? (value as Json) : ((parameters as Json | undefined)?.[name] as Json);
  };
  const convertedPaths = mapValues(paths as Json, (item) => convertPath(item as Json, parameterOf));
  const schemas = mapValues((definitions ?? {}) as Json, convertSchema);
  return { openapi: "3.0.0", info, paths: convertedPaths, components: { schemas } };
}

type ParameterLookup = (value: unknown) => Json;

function convertPath(item: Json, parameterOf: ParameterLookup): Json {
  return mapValues(item, (value, key) => {
    if (key === "parameters") return (value as unknown[]).map((each) => convertParameter(parameterOf(each)));
    return methods.has(key) ? convertOperation(value as Json, parameterOf) : value;
  });
}

function convertOperation(operation: Json, parameterOf: ParameterLookup): Json {
  const { consumes, produces, schemes: _schemes, parameters = [], responses = {}, ...rest } = operation;
  const all = (parameters as unknown[]).map(parameterOf);
  const body = all.find((each) => each["in"] === "body");
  const others = all.filter((each) => each["in"] !== "body");
  return {
    ...rest,
    ...(others.length > 0 && { parameters: others.map(convertParameter) }),
    ...(body !== undefined && { requestBody: convertBody(body, typesOf(consumes)) }),
    responses: mapValues(responses as Json, (response) => convertResponse(response as Json, typesOf(produces))),
  };
}

/** Every type stands for every other: servers that say nothing take JSON. */
function typesOf(types: unknown): readonly string[] {
  return Array.isArray(types) && types.length > 0 && !types.includes("*/*") ? (types as string[]) : ["application/json"];
}

function convertBody({ schema, required, description }: Json, types: readonly string[]): Json {
  return {
    ...(description !== undefined && { description }),
    ...(required === true && { required }),
    content: contentOf(schema, types),
  };
}

function convertResponse(
  { description = "", schema, headers: _headers, examples: _examples, ...rest }: Json,
  types: readonly string[],
): Json {
  return { ...rest, description, ...(schema !== undefined && { content: contentOf(schema, types) }) };
}

function contentOf(schema: unknown, types: readonly string[]): Json {
  return Object.fromEntries(types.map((type) => [type, { schema: convertSchema(schema) }]));
}

const parameterFields = new Set(["name", "in", "description", "required", "allowEmptyValue"]);

function convertParameter(parameter: Json): Json {
  const own = Object.entries(parameter).filter(([key]) => parameterFields.has(key) || key.startsWith("x-"));
  const schema = Object.entries(parameter).filter(
    ([key]) => !parameterFields.has(key) && !key.startsWith("x-") && key !== "collectionFormat",
  );
  return { ...Object.fromEntries(own), schema: convertSchema(Object.fromEntries(schema)) };
}

function convertSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convertSchema);
  if (typeof value !== "object" || value === null) return value;
  return mapValues(value as Json, (child, key) =>
    key === "$ref" && typeof child === "string" ? child.replace("#/definitions/", "#/components/schemas/") : convertSchema(child),
  );
}

function mapValues(value: Json, convert: (value: unknown, key: string) => unknown): Json {
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, convert(child, key)]));
}
