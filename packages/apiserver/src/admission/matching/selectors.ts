import {
  newInternalError,
  newNotFound,
  selectorFrom,
  type LabelSelector,
  type Labels,
  type Selector,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { isResource, type AdmissionAttributes, type AdmissionEnvironment } from "../admission.ts";

export interface SelectorFields {
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly objectSelector?: LabelSelector | undefined;
}

interface ParsedSelectors {
  readonly namespaces: Selector;
  readonly objects: Selector;
}

/** The two selectors of a webhook, policy or binding. */
export class Selectors {
  readonly #fields: SelectorFields;
  #parsed: ParsedSelectors | undefined;

  constructor(fields: SelectorFields) {
    this.#fields = fields;
  }

  /** Whether the request is meant. @throws {StatusError} 404 when its namespace is gone, 500 when a selector cannot be read. */
  async match(attributes: AdmissionAttributes, environment: Pick<AdmissionEnvironment, "get" | "getFresh">): Promise<boolean> {
    const { namespaces, objects } = this.#parse();
    if (!objects.isEverything && !labelled(attributes.object, objects) && !labelled(attributes.old, objects)) return false;
    if (namespaces.isEverything) return true;
    const name = namespaceOf(attributes);
    // What belongs to no namespace is never left out.
    if (name === "" && !isAboutNamespace(attributes)) return true;
    return namespaces.matches(await namespaceLabels(attributes, environment));
  }

  #parse(): ParsedSelectors {
    const { namespaceSelector, objectSelector } = this.#fields;
    try {
      return (this.#parsed ??= { namespaces: selectorFrom(namespaceSelector), objects: selectorFrom(objectSelector) });
    } catch (error) {
      throw newInternalError(error);
    }
  }
}

/** The namespace of a request; a namespace is in itself. */
export function namespaceOf(attributes: Pick<AdmissionAttributes, "definition" | "namespace" | "name" | "requestName">): string {
  return isAboutNamespace(attributes) ? attributes.requestName : attributes.namespace;
}

/** Whether the request is for a namespace or a subresource of one. */
export function isAboutNamespace({ definition }: Pick<AdmissionAttributes, "definition">): boolean {
  return isResource(definition, "namespaces");
}

function labelled(object: Readonly<UnstructuredObject> | undefined, selector: Selector): boolean {
  // Options of connections have no metadata.
  return object?.metadata !== undefined && selector.matches(object.metadata.labels);
}

async function namespaceLabels(
  attributes: AdmissionAttributes,
  environment: Pick<AdmissionEnvironment, "get" | "getFresh">,
): Promise<Labels | undefined> {
  const { object, operation, subresource } = attributes;
  const isWritten = subresource === "" && (operation === "CREATE" || operation === "UPDATE");
  if (isAboutNamespace(attributes) && isWritten) return object?.metadata.labels;
  return (await findNamespace(namespaceOf(attributes), environment)).metadata.labels;
}

/** @throws {StatusError} 404. */
export async function findNamespace(
  name: string,
  environment: Pick<AdmissionEnvironment, "get" | "getFresh">,
): Promise<Readonly<UnstructuredObject>> {
  const found = environment.get("namespaces", "", name) ?? (await environment.getFresh("namespaces", "", name));
  if (found === undefined) throw newNotFound({ group: "", resource: "namespaces" }, name);
  return found;
}
