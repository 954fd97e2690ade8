import type { UnstructuredObject } from "@coracle/apimachinery";

/**
 * How objects of a retired version differ from the stored ones, besides their apiVersion. All three change a copy that is theirs; what
 * they leave and the other version does not know is dropped afterwards.
 */
export interface VersionForm {
  toStorage?(object: UnstructuredObject): void;
  fromStorage?(object: UnstructuredObject): void;
  /** The version's own defaults, where they depend on other fields. The stored version's apply after the conversion, to what is left. */
  applyDefaults?(object: UnstructuredObject): void;
}
