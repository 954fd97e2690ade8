import {
  deepEqual,
  formatApiVersion,
  newInternalError,
  type GroupVersionKind,
  type ResourceDefinition,
  type ResourceVersionDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { fromStorage } from "../../cacher/index.ts";
import type { AdmissionAttributes } from "../admission.ts";
import { fitToVersion, inStoredVersion, type FitOptions } from "./changed-object.ts";

/** A name under which a request's resource can be seen: one version of it, or of another group that shares its storage. */
export interface Sight {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** Of the objects seen. */
  readonly kind: GroupVersionKind;
}

/** The two objects of a request in one version. They are shared: never change them. */
export interface SeenObjects {
  readonly object: Readonly<UnstructuredObject> | undefined;
  readonly old: Readonly<UnstructuredObject> | undefined;
}

type Conversions = Map<ResourceVersionDefinition, UnstructuredObject>;

/** The objects of a request in the versions in which webhooks and policies want to see them. Each is converted once. */
export class AdmittedObjects {
  readonly #attributes: AdmissionAttributes;
  readonly #hidesNewIdentity: boolean;
  readonly #olds: Conversions = new Map();
  readonly #objects: Conversions = new Map();

  /** `isMutating`: a new object has no uid and time yet, as upstream, where it gets them later. */
  constructor(attributes: AdmissionAttributes, { isMutating }: { readonly isMutating: boolean }) {
    this.#attributes = attributes;
    this.#hidesNewIdentity = isMutating && attributes.operation === "CREATE";
  }

  /** @throws {StatusError} when a conversion fails. */
  async seenAs(sight: Sight): Promise<SeenObjects> {
    const { object, old } = this.#attributes;
    return {
      object: object && (await this.#convert(this.#objects, sight, object)),
      old: old && (await this.#convert(this.#olds, sight, old)),
    };
  }

  /**
   * Takes what somebody made of the object, gives it its defaults and puts it in place of the request's. Says whether it differs from what was
   * seen. @throws {StatusError} 500 when it is no object of the kind any more.
   */
  async replace(sight: Sight, changed: unknown, options: FitOptions = {}): Promise<boolean> {
    const { object } = this.#attributes;
    const { object: before } = await this.seenAs(sight);
    if (object === undefined || before === undefined) throw newInternalError("there is no object to change");
    const next = fitToVersion(sight, before, changed, options);
    const isChanged = !deepEqual(before, next);
    const stored = hasOwnKind(sight) ? next : await inStoredVersion(this.#attributes.definition, sight, next);
    const { uid, creationTimestamp } = object.metadata;
    for (const field of Object.keys(object)) delete object[field];
    Object.assign(object, stored);
    if (this.#hidesNewIdentity) {
      object.metadata = {
        ...object.metadata,
        ...(uid !== undefined && { uid }),
        ...(creationTimestamp !== undefined && { creationTimestamp }),
      };
    }
    this.#objects.clear();
    return isChanged;
  }

  async #convert(known: Conversions, sight: Sight, object: Readonly<UnstructuredObject>): Promise<UnstructuredObject> {
    let seen = known.get(sight.version);
    if (seen === undefined) {
      seen = await convert(sight, object);
      if (known === this.#objects && this.#hidesNewIdentity) seen = withoutIdentity(seen);
      known.set(sight.version, seen);
    }
    return seen;
  }
}

/** Whether the objects seen are of a subresource's own kind (Scale, Binding, PodExecOptions), which exists in one version only. */
export function hasOwnKind({ kind, definition }: Pick<Sight, "kind" | "definition">): boolean {
  return kind.kind !== definition.kind;
}

async function convert(sight: Sight, object: Readonly<UnstructuredObject>): Promise<UnstructuredObject> {
  const { definition, version, kind } = sight;
  if (hasOwnKind(sight)) return object;
  const apiVersion = formatApiVersion(kind.group, kind.version);
  if (definition.convertRemotely === undefined || object.apiVersion === apiVersion) return fromStorage(definition, version, object);
  const [converted] = await definition.convertRemotely([object], apiVersion);
  if (converted === undefined) throw newInternalError(`unable to convert to ${apiVersion}`);
  return converted;
}

function withoutIdentity(object: Readonly<UnstructuredObject>): UnstructuredObject {
  const { uid: _, creationTimestamp: __, ...metadata } = object.metadata;
  return { ...object, metadata };
}
