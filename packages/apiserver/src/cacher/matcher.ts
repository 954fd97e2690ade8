import {
  everyField,
  everythingSelector,
  newBadRequest,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
  type FieldSelector,
  type ResourceDefinition,
  type ResourceVersionDefinition,
  type Selector,
} from "@coracle/apimachinery";
import type { CachedObject } from "./cached-object.ts";

/** Which objects of a collection a request is about. */
export class Matcher {
  readonly #labels: Selector;
  readonly #fields: FieldSelector;
  readonly #definition: ResourceDefinition;
  readonly #version: ResourceVersionDefinition;

  /** @throws {StatusError} 400 for selectors that cannot be read, and for fields that cannot be selected by. */
  constructor(served: { definition: ResourceDefinition; version: ResourceVersionDefinition }, labelText = "", fieldText = "") {
    this.#definition = served.definition;
    this.#version = served.version;
    try {
      this.#labels = labelText === "" ? everythingSelector : parseLabelSelector(labelText);
      this.#fields = fieldText === "" ? everyField : parseFieldSelector(fieldText);
    } catch (error) {
      if (error instanceof SelectorError) throw newBadRequest(error.message);
      throw error;
    }
    for (const { field } of this.#fields.requirements) this.#checkField(field);
  }

  #checkField(field: string): void {
    if (field === "metadata.name" || (field === "metadata.namespace" && this.#definition.isNamespaced)) return;
    if (!Object.hasOwn(this.#version.selectableFields, field))
      throw newBadRequest(this.#isOfOwnFields() ? `field label not supported: ${field}` : unknownField(field));
  }

  /** Kinds without selectable fields of their own share one check upstream, with a message of its own. */
  #isOfOwnFields(): boolean {
    return this.#definition.isCustom || Object.keys(this.#version.selectableFields).some((name) => !name.startsWith("metadata."));
  }

  get isEverything(): boolean {
    return this.#labels.isEverything && this.#fields.isEverything;
  }

  /** Whether it looks at fields of the version asked for. */
  get needsView(): boolean {
    return this.#fields.requirements.some(({ field }) => field !== "metadata.name" && field !== "metadata.namespace");
  }

  /** The only name that can match, if the selector says so. */
  get name(): string | undefined {
    return this.#fields.requiredValue("metadata.name");
  }

  matches(object: CachedObject): boolean {
    if (!this.#fields.isEverything && !this.#fields.matches((field) => this.#fieldOf(object, field))) return false;
    return this.#labels.isEverything || this.#labels.matches(object.object.metadata.labels);
  }

  #fieldOf(object: CachedObject, field: string): string {
    if (field === "metadata.name") return object.name;
    if (field === "metadata.namespace") return object.namespace;
    const value = this.#version.selectableFields[field];
    return value === undefined ? "" : value(object.view(this.#definition, this.#version).object);
  }
}

function unknownField(field: string): string {
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
