/**
 * The one description of data that every generic function walks: defaulting, pruning, decoding, structural validation,
 * strategic merge, server-side apply, OpenAPI. Built-in kinds get theirs from the generated declarations of `@coracle/api`,
 * custom resources from the structural schema of their CustomResourceDefinition.
 */
export interface Schema {
  /** `any` accepts every JSON value. An int-or-string has the type `any` and `isIntOrString`. */
  readonly type: "object" | "array" | "string" | "integer" | "number" | "boolean" | "any";
  /** int32, int64, double, quantity, date-time, micro-time, duration, byte, fields-v1, raw, or an OpenAPI string format. */
  readonly format?: string;
  /** The OpenAPI component name, for `$ref`s: `io.k8s.api.core.v1.PodSpec`. Absent for inline schemas. */
  readonly refName?: string;
  readonly description?: string;
  /** What errors of decoding call it besides: the name of its type (`v1.DNSPolicy`), and the embedded structs that it is declared in. */
  readonly goName?: string;
  readonly embeddedIn?: string;

  /** May be computed lazily: recursive types are real cycles of objects here. */
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Present for maps. */
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly default?: unknown;
  /**
   * Built-in kinds: the zero value (`false`, 0, `""`) is the same as an absent field, as in upstream's Go types for a field with
   * `omitempty` that is no pointer. Decoding drops it, so that the default applies.
   */
  readonly isZeroOmitted?: boolean;
  /**
   * Built-in kinds: what an absent field is written as (`""`, 0, `false`, `{}`, null), as in upstream's Go types for a field that is
   * no pointer and has no `omitempty`, or is a struct. Decoding fills it in, so that rules need not know absent values.
   */
  readonly zero?: unknown;
  readonly isNullable?: boolean;
  readonly isIntOrString?: boolean;
  readonly isEmbeddedResource?: boolean;
  readonly preserveUnknownFields?: boolean;
  readonly enum?: readonly unknown[];

  /** Server-side apply's view. Lists default to atomic, maps and structs to granular. */
  readonly listType?: "atomic" | "set" | "map";
  readonly listMapKeys?: readonly string[];
  readonly mapType?: "atomic" | "granular";
  /** Strategic merge patch's view (built-in kinds only). */
  readonly patchStrategy?: readonly ("merge" | "replace" | "retainKeys")[];
  readonly patchMergeKey?: string;

  /** Value validations; they come from CustomResourceDefinitions, built-in kinds use their strategy's `validate`. */
  readonly validations?: ValueValidations;
  /** Expressions that hold for values (`x-kubernetes-validations`); they are checked by whoever has an evaluator. */
  readonly rules?: readonly ValidationRule[];
}

/** An expression over `self` and `oldSelf` that must be true, and what to say when it is not. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  /** Comes before `message` when it has a value. */
  readonly messageExpression?: string;
  /** FieldValueInvalid (default), FieldValueForbidden, FieldValueRequired or FieldValueDuplicate. */
  readonly reason?: string;
  /** Where the finding is, from the schema on: `.spec.x`. */
  readonly fieldPath?: string;
  /** `oldSelf` is optional, and the rule holds for new values too. */
  readonly optionalOldSelf?: boolean;
}

export interface ValueValidations {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly not?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
