/**
 * Types whose JSON is a choice between two forms, while their message has a field for each. Both directions of that translation.
 */
interface Choice {
  /** JSON → the fields of the message. */
  toFields(value: unknown): Readonly<Record<string, unknown>>;
  /** The fields of the message → JSON. */
  toJson(fields: Readonly<Record<string, unknown>>): unknown;
}

export const choiceTypes: Readonly<Record<string, Choice>> = {
  "apiextensions/v1.JSONSchemaPropsOrArray": {
    toFields: (value) => (Array.isArray(value) ? { JSONSchemas: value } : { Schema: value }),
    toJson: ({ Schema, JSONSchemas }) => JSONSchemas ?? Schema ?? null,
  },
  "apiextensions/v1.JSONSchemaPropsOrBool": {
    toFields: (value) => (typeof value === "boolean" ? { Allows: value } : { Allows: true, Schema: value }),
    toJson: ({ Allows, Schema }) => Schema ?? Allows === true,
  },
  "apiextensions/v1.JSONSchemaPropsOrStringArray": {
    toFields: (value) => (Array.isArray(value) ? { Property: value } : { Schema: value }),
    toJson: ({ Schema, Property }) => Property ?? Schema ?? null,
  },
};
