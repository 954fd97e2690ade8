import { WireWriter } from "./wire-writer.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * An OpenAPI v2 document in gnostic's protobuf form (`openapi.v2.Document`), which kubectl before 1.29 needs to apply anything. Bodies of
 * answers are left out: nobody reads them there.
 */
export function encodeOpenApiV2(document: Json): Uint8Array {
  const { info = {}, paths = {}, definitions = {} } = document as { info?: Json; paths?: Json; definitions?: Json };
  const items = new WireWriter();
  for (const [name, item] of Object.entries(paths)) items.message(2, named(name, pathItem(item as Json)));
  const head = new WireWriter().text(1, info["title"]).text(2, info["version"]);
  return new WireWriter().text(1, document["swagger"]).message(2, head).message(8, items).message(9, schemas(definitions)).finish();
}

function named(name: string, value: WireWriter): WireWriter {
  return new WireWriter().text(1, name).message(2, value);
}

const operations = ["get", "put", "post", "delete", "options", "head", "patch"];

function pathItem(item: Json): WireWriter {
  const writer = new WireWriter();
  for (const [index, method] of operations.entries()) {
    const operation = item[method];
    if (operation !== undefined) writer.message(index + 2, operationOf(operation as Json));
  }
  parameters(writer, 9, item["parameters"]);
  return extensions(writer, 10, item);
}

function operationOf(operation: Json): WireWriter {
  const writer = new WireWriter()
    .texts(1, operation["tags"])
    .text(3, operation["description"])
    .text(5, operation["operationId"])
    .texts(6, operation["produces"])
    .texts(7, operation["consumes"]);
  parameters(writer, 8, operation["parameters"]);
  return extensions(writer.message(9, new WireWriter()), 13, operation);
}

function parameters(writer: WireWriter, number: number, values: unknown): void {
  for (const value of (values ?? []) as Json[]) {
    const reference = value["$ref"];
    if (reference === undefined) writer.message(number, new WireWriter().message(1, parameter(value)));
    else writer.message(number, new WireWriter().message(2, new WireWriter().text(1, reference)));
  }
}

function parameter(value: Json): WireWriter {
  const { description, name, required, in: place, schema, type, format } = value;
  if (place === "body") {
    const body = new WireWriter().text(1, description).text(2, name).text(3, place).flag(4, required);
    return new WireWriter().message(1, body.message(5, schema === undefined ? undefined : schemaOf(schema as Json)));
  }
  const common = new WireWriter().flag(1, required).text(2, place).text(3, description).text(4, name);
  const isPath = place === "path";
  const kind = isPath ? common.text(5, type).text(6, format) : common.text(6, type).text(7, format);
  return new WireWriter().message(2, new WireWriter().message(isPath ? 4 : 3, kind.flag(isPath ? 19 : 20, value["uniqueItems"])));
}

function schemas(values: Json): WireWriter {
  const writer = new WireWriter();
  for (const [name, value] of Object.entries(values)) writer.message(1, named(name, schemaOf(value as Json)));
  return writer;
}

function schemaOf(schema: Json): WireWriter {
  const { type, items, properties, additionalProperties: additional, default: preset } = schema;
  const writer = new WireWriter()
    .text(1, schema["$ref"])
    .text(2, schema["format"])
    .text(3, schema["title"])
    .text(4, schema["description"])
    .message(5, preset === undefined ? undefined : anything(preset))
    .double(7, schema["maximum"])
    .double(9, schema["minimum"])
    .integer(11, schema["maxLength"])
    .integer(12, schema["minLength"])
    .text(13, schema["pattern"])
    .integer(14, schema["maxItems"])
    .integer(15, schema["minItems"])
    .flag(16, schema["uniqueItems"])
    .texts(19, schema["required"]);
  for (const value of (schema["enum"] ?? []) as unknown[]) writer.message(20, anything(value));
  if (typeof additional === "object") writer.message(21, new WireWriter().message(1, schemaOf(additional as Json)));
  else writer.message(21, additional === true ? new WireWriter().flag(2, true) : undefined);
  writer.message(22, type === undefined ? undefined : new WireWriter().texts(1, Array.isArray(type) ? type : [type]));
  writer.message(23, items === undefined ? undefined : new WireWriter().message(1, schemaOf(items as Json)));
  for (const each of (schema["allOf"] ?? []) as Json[]) writer.message(24, schemaOf(each));
  writer.message(25, properties === undefined ? undefined : schemas(properties as Json));
  return extensions(writer, 31, schema);
}

/** `x-…` fields, whose values are written as text: JSON, which is YAML too. */
function extensions(writer: WireWriter, number: number, owner: Json): WireWriter {
  for (const [name, value] of Object.entries(owner)) if (name.startsWith("x-")) writer.message(number, named(name, anything(value)));
  return writer;
}

function anything(value: unknown): WireWriter {
  return new WireWriter().text(2, JSON.stringify(value));
}
