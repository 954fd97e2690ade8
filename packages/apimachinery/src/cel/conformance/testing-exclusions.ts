import type { PlacedCase } from "./testing-suite.ts";

/** Cases of the suite that cannot hold in Kubernetes, with the reason why. */
export interface Exclusion {
  readonly reason: string;
  readonly includes: (placed: PlacedCase) => boolean;
}

const messages =
  /TestAllTypes|NestedTestAllTypes|TestRequired|GlobalEnum|NestedEnum|google\.protobuf\.(?!Timestamp\b|Duration\b)|proto\.(?:get|has)Ext/;
/** Names that stand for messages inside of `google.protobuf`. */
const shortMessages = /\b(?:Value|U?Int32Value|FloatValue|Struct|ListValue|Any|NullValue|FieldMask|Empty|Duration|Timestamp)\b(?:\s*\{|\.)/;

function names(...places: readonly string[]): Exclusion["includes"] {
  const all = new Set(places);
  return ({ place, test }) => all.has(`${place}/${test.original.name}`);
}

export const exclusions: readonly Exclusion[] = [
  {
    reason: "there are no messages and enums of protobuf: data is JSON that a schema describes",
    includes: ({ test: { original } }) => {
      const { expr, container = "", typeEnv = [], value, typedResult, evalError } = original;
      // What must fail does fail, if not for the reason that was meant.
      if (evalError !== undefined) return false;
      if (messages.test(expr) || messages.test(JSON.stringify([typeEnv, value ?? null, typedResult ?? null]))) return true;
      return container === "google.protobuf" && shortMessages.test(expr);
    },
  },
  {
    reason: "the library is not part of Kubernetes' environment",
    includes: ({ place, test }) => test.original.evalError === undefined && /^(?:block_ext|encoders_ext|math_ext)\//.test(place),
  },
  {
    reason: "lists and maps of mixed types are refused in Kubernetes, except in arguments of `format`",
    includes: names(
      "comparisons/eq_literal/not_eq_list_null",
      "comparisons/eq_literal/eq_list_mixed_type_numbers",
      "comparisons/eq_literal/not_eq_list_mixed_type_numbers",
      "comparisons/eq_literal/not_eq_list_false_vs_types",
      "comparisons/eq_literal/not_eq_map_null",
      "comparisons/eq_literal/eq_map_mixed_type_numbers",
      "comparisons/eq_literal/not_eq_map_false_vs_types",
      "comparisons/eq_literal/eq_map_value_mixed_types",
      "comparisons/eq_literal/not_eq_list_elem_null",
      "comparisons/eq_literal/not_eq_map_value_null",
      "comparisons/in_list_literal/elem_in_mixed_type_list",
      "comparisons/in_list_literal/elem_in_mixed_type_list_cross_type",
      "comparisons/in_map_literal/key_in_mixed_key_type_map",
      "comparisons/in_map_literal/key_in_mixed_key_type_map_cross_type",
      "conversions/dyn/dyn_heterogeneous_list",
      "fields/map_fields/map_key_int64",
      "fields/map_fields/map_key_uint64",
      "fields/map_fields/map_key_mixed_type",
      "fields/map_fields/map_key_mixed_numbers_double_key",
      "fields/map_fields/map_key_mixed_numbers_uint_key",
      "fields/map_fields/map_key_mixed_numbers_int_key",
      "fields/map_fields/map_value_mix_type",
      "fields/in/mixed_numbers_and_keys_present",
      "fields/in/mixed_numbers_and_keys_absent",
      "macros/exists/list_elem_type_shortcircuit",
      "macros/exists/list_elem_type_exhaustive",
      "macros/exists/map_key_type_shortcircuit",
      "macros/exists/map_key_type_exhaustive",
      "macros/all/list_elem_type_shortcircuit",
      "macros2/exists/list_elem_type_shortcircuit",
      "macros2/exists/list_elem_type_exhaustive",
      "macros2/exists/map_key_type_shortcircuit",
      "macros2/exists/map_key_type_exhaustive",
      "macros2/all/list_elem_type_shortcircuit",
      "macros2/all/list_elem_type_exhaustive",
      "optionals/optionals/optional_chaining_13",
      "optionals/optionals/map_key_mixed_type_optindex_value",
      "optionals/optionals/map_key_mixed_numbers_double_key_optindex_value",
      "optionals/optionals/map_key_mixed_numbers_uint_key_optindex_value",
      "optionals/optionals/map_key_mixed_numbers_int_key_optindex_value",
      "type_deductions/flexible_type_parameter_assignment/optional_dyn_promotion",
      "type_deductions/flexible_type_parameter_assignment/optional_dyn_promotion_2",
      "type_deductions/legacy_nullable_types/null_assignable_to_abstract_parameter_candidate",
    ),
  },
  {
    reason: "Kubernetes evaluates nothing that was not checked, and what does not fit does not compile",
    includes: names(
      "basic/variables/unbound_is_runtime_error",
      "basic/functions/unbound_is_runtime_error",
      "comparisons/eq_literal/not_eq_list_length",
      "comparisons/eq_literal/eq_mixed_types",
      "comparisons/eq_literal/eq_list_elem_mixed_types",
      "comparisons/ne_literal/ne_mixed_types",
      "logic/conditional/mixed_type",
      "logic/AND/short_circuit_type_left",
      "logic/AND/short_circuit_type_right",
      "logic/OR/short_circuit_type_left",
      "logic/OR/short_circuit_type_right",
      "parse/receiver_function_names/as",
      "parse/receiver_function_names/break",
      "parse/receiver_function_names/const",
      "parse/receiver_function_names/continue",
      "parse/receiver_function_names/else",
      "parse/receiver_function_names/for",
      "parse/receiver_function_names/function",
      "parse/receiver_function_names/if",
      "parse/receiver_function_names/import",
      "parse/receiver_function_names/let",
      "parse/receiver_function_names/loop",
      "parse/receiver_function_names/package",
      "parse/receiver_function_names/namespace",
      "parse/receiver_function_names/return",
      "parse/receiver_function_names/var",
      "parse/receiver_function_names/void",
      "parse/receiver_function_names/while",
      "plumbing/check_inputs/skip_check",
    ),
  },
  {
    reason: "there are no enums",
    includes: names("enums/strong_proto2/convert_unnamed_to_int", "enums/strong_proto3/convert_unnamed_to_int"),
  },
  {
    reason: "there are no containers: a name is what it says",
    includes: names("namespace/namespace/self_eval_container_lookup_unchecked", "namespace/namespace/self_eval_container_lookup"),
  },
  {
    reason: "cel-go takes any value as the key of a constant map",
    includes: names("fields/qualified_identifier_resolution/map_key_null"),
  },
  {
    reason: "Kubernetes formats as the strings library of version 2 does: `format` is that of a locale, and quotes what is in lists",
    includes: names(
      "string_ext/format/scientific notation formatting clause",
      "string_ext/format/default precision for scientific notation",
      "string_ext/format/NaN support for scientific notation",
      "string_ext/format/positive infinity support for scientific notation",
      "string_ext/format/negative infinity support for scientific notation",
      "string_ext/format/NaN support for decimal",
      "string_ext/format/positive infinity support for decimal",
      "string_ext/format/negative infinity support for decimal",
      "string_ext/format/positive infinity support for fixed-point",
      "string_ext/format/negative infinity support for fixed-point",
      "string_ext/format/list support for string",
      "string_ext/format/map support for string",
      "string_ext/format/map support (all key types)",
      "string_ext/format/dyntype support for scientific notation",
      "string_ext/format/dyntype NaN/infinity support",
      "string_ext/format/dyntype support for lists",
      "string_ext/format/dyntype support for maps",
      "string_ext/format/scientific notation formatting clause in a string variable",
    ),
  },
  {
    reason: "Kubernetes has the strings library of version 2, for which an offset beyond the end is no error",
    includes: names("string_ext/value_errors/indexof_out_of_range", "string_ext/value_errors/lastindexof_out_of_range"),
  },
  {
    reason: "Kubernetes does not turn on quoted names of fields",
    includes: names(
      "fields/quoted_map_fields/field_access_slash",
      "fields/quoted_map_fields/field_access_dash",
      "fields/quoted_map_fields/field_access_dot",
      "fields/quoted_map_fields/has_field_slash",
      "fields/quoted_map_fields/has_field_dash",
      "fields/quoted_map_fields/has_field_dot",
    ),
  },
  {
    reason: "the last of several equal keys counts in cel-go",
    includes: names("fields/qualified_identifier_resolution/map_value_repeat_key"),
  },
  {
    reason: "cel-go takes an optional field of what has no fields as absent",
    includes: names("optionals/optionals/map_null_entry_no_such_key", "optionals/optionals/map_present_key_invalid_field"),
  },
  {
    reason: "cel-go gives the whole duration in milliseconds",
    includes: names("timestamps/duration_converters/get_milliseconds"),
  },
  {
    reason: "environments declare no functions of their own",
    includes: names(
      "type_deductions/functions/function_result_type",
      "type_deductions/type_parameters/multiple_parameters_generality",
      "type_deductions/type_parameters/multiple_parameters_generality_2",
      "type_deductions/type_parameters/multiple_parameters_parameterized_ovl",
      "type_deductions/type_parameters/multiple_parameters_parameterized_ovl_2",
    ),
  },
];
