/** One finding of validation (upstream's `field.Error`). Its `type` becomes the cause's reason. */
export interface FieldError {
  readonly type:
    | "FieldValueRequired"
    | "FieldValueDuplicate"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueTooLong"
    | "FieldValueTooMany"
    | "FieldValueTypeInvalid"
    | "FieldValueNotFound"
    | "InternalError";
  /** `spec.containers[0].name`, `metadata.labels[a/b]`. */
  readonly field: string;
  readonly badValue?: unknown;
  /** The text after the value: `must be greater than or equal to 0`. */
  readonly detail: string;
}
