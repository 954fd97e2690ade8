import { assert } from "@coracle/base";
import {
  applyDefaults,
  decodeJson,
  encodeObject,
  formatApiVersion,
  insertResourceVersion,
  prune,
  type ResourceDefinition,
  type ResourceVersionDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { ObjectView } from "../registry/contract.ts";
import { deepFreeze } from "./deep-freeze.ts";

/** How the objects of one storage path are read. */
export interface StoredForm {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
  readonly apiVersion: string;
  /** How the bytes begin that this program wrote in this version. */
  readonly head: Uint8Array;
  /** Makes every object immutable; for tests. */
  readonly shouldFreeze: boolean;
}

export function storedFormOf(definition: ResourceDefinition, shouldFreeze: boolean): StoredForm {
  const version = storageVersionOf(definition);
  const apiVersion = formatApiVersion(definition.group, version.version);
  const head = new TextEncoder().encode(`{"apiVersion":${JSON.stringify(apiVersion)},`);
  return { definition, version, apiVersion, head, shouldFreeze };
}

export function storageVersionOf(definition: ResourceDefinition): ResourceVersionDefinition {
  const version = definition.versions.find((each) => each.isStorage) ?? definition.versions[0];
  if (version === undefined) throw new Error(`${definition.resource} has no version`);
  return version;
}

export interface CachedObjectSource {
  readonly key: string;
  readonly revision: number;
  /** As stored, without resourceVersion. */
  readonly stored: Uint8Array;
  /** What `stored` decodes to, when the writer knows; it may not change any more. */
  readonly object?: UnstructuredObject | undefined;
}

/**
 * One version of one object. Decoded when somebody looks inside; its bytes are the stored ones with the resource version put in. It is
 * itself the view in the storage version; views in other versions are made once and kept.
 */
export class CachedObject implements ObjectView {
  /** `namespace/name`, or `name`. */
  readonly key: string;
  readonly revision: number;
  readonly #form: StoredForm;
  #bytes: Uint8Array;
  #hasRevision = false;
  /** Whether the object may have been written before its schema became what it is. */
  #mayBeOutdated: boolean;
  #object: UnstructuredObject | undefined;
  #views: Map<string, ObjectView> | undefined;

  constructor(form: StoredForm, source: CachedObjectSource) {
    this.#form = form;
    this.key = source.key;
    this.revision = source.revision;
    this.#bytes = source.stored;
    this.#mayBeOutdated = form.definition.isCustom && source.object === undefined;
    if (source.object !== undefined) this.#object = this.#adopt(source.object);
  }

  /** In the storage version, with its resourceVersion. Shared: never change it. */
  get object(): Readonly<UnstructuredObject> {
    return (this.#object ??= this.#adopt(decodeJson(this.#bytes).value as UnstructuredObject));
  }

  get namespace(): string {
    const slash = this.key.indexOf("/");
    return slash < 0 ? "" : this.key.slice(0, slash);
  }

  get name(): string {
    return this.key.slice(this.key.indexOf("/") + 1);
  }

  bytes(): Uint8Array {
    if (!this.#hasRevision) {
      const isOwn = !this.#mayBeOutdated && startsWith(this.#bytes, this.#form.head);
      this.#bytes = insertResourceVersion(isOwn ? this.#bytes : encodeObject(this.object), this.revision);
      this.#hasRevision = true;
    }
    return this.#bytes;
  }

  /** Without the resource version, as the store has it. */
  stored(): Uint8Array {
    return this.#hasRevision ? encodeObject(this.object) : this.#bytes;
  }

  /** Whether `stored` is what the store holds for this version of the object. */
  hasStored(stored: Uint8Array): boolean {
    const own = this.#bytes;
    if (!this.#hasRevision) return own.length === stored.length && Buffer.compare(own, stored) === 0;
    return own.length > stored.length && Buffer.compare(own, insertResourceVersion(stored, this.revision)) === 0;
  }

  /**
   * The object in a served version of `definition`, which may be another name for the same storage. Where a webhook converts, the view has
   * to be there already ({@link keepView}).
   */
  view(definition: ResourceDefinition, version: ResourceVersionDefinition): ObjectView {
    const { form } = this;
    if (version === form.version && !this.#isForeign) return this;
    const id = `${definition.group}/${version.version}`;
    this.#views ??= new Map();
    let view = this.#views.get(id);
    if (view === undefined) {
      assert(definition.convertRemotely === undefined, `${id} ${this.key} has not been converted`);
      view = createConvertedView(this, definition, version, form.shouldFreeze);
      this.#views.set(id, view);
    }
    return view;
  }

  /** Whether {@link view} can answer without a webhook. */
  hasView(definition: ResourceDefinition, version: ResourceVersionDefinition): boolean {
    if (definition.convertRemotely === undefined || (version === this.#form.version && !this.#isForeign)) return true;
    return this.#views?.has(`${definition.group}/${version.version}`) === true;
  }

  /** Takes what a webhook made of the object. */
  keepView(definition: ResourceDefinition, version: ResourceVersionDefinition, object: UnstructuredObject): void {
    const id = `${definition.group}/${version.version}`;
    setRevision(object, this.revision);
    const bytes = insertResourceVersion(encodeObject(object), this.revision);
    this.#views ??= new Map();
    this.#views.set(id, { object: this.#form.shouldFreeze ? deepFreeze(object) : object, bytes: () => bytes });
  }

  /** Stored in another version than the present one, and only a webhook can tell what it is in that. */
  get #isForeign(): boolean {
    return this.#form.definition.convertRemotely !== undefined && this.object.apiVersion !== this.#form.apiVersion;
  }

  get form(): StoredForm {
    return this.#form;
  }

  /** The same content at another revision: how a deletion shows the last state. */
  at(revision: number): CachedObject {
    const { metadata } = this.object;
    const object = { ...this.object, metadata: { ...metadata } };
    return new CachedObject(this.#form, { key: this.key, revision, stored: encodeObject(object), object });
  }

  /** The same version of the object, read by another definition. */
  in(form: StoredForm): CachedObject {
    return new CachedObject(form, { key: this.key, revision: this.revision, stored: this.stored() });
  }

  #adopt(object: UnstructuredObject): UnstructuredObject {
    const { apiVersion, definition, shouldFreeze } = this.#form;
    let adopted = object;
    if (object.apiVersion !== apiVersion && definition.convertRemotely === undefined) {
      // Written by another program, or before the storage version changed.
      const written = definition.versions.find((each) => formatApiVersion(definition.group, each.version) === object.apiVersion);
      adopted = { ...(written?.convert?.toStorage(object) ?? object), apiVersion };
    }
    setRevision(adopted, this.revision);
    if (this.#mayBeOutdated && adopted.apiVersion === apiVersion) fitToSchema(this.#form.version, adopted);
    return shouldFreeze ? deepFreeze(adopted) : adopted;
  }
}

/** In the place where it stands in the bytes, so that the object and its bytes are equal. */
function setRevision(object: UnstructuredObject, revision: number): void {
  object.metadata = { resourceVersion: "", ...object.metadata };
  object.metadata.resourceVersion = String(revision);
}

/** What the schema does not know goes and defaults come, as upstream does with custom resources that it reads from the store. */
export function fitToSchema(version: ResourceVersionDefinition, object: UnstructuredObject): void {
  prune(version.schema, object);
  applyDefaults(version.schema, object);
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  for (let index = 0; index < head.length; index++) if (bytes[index] !== head[index]) return false;
  return true;
}

function createConvertedView(
  stored: CachedObject,
  definition: ResourceDefinition,
  version: ResourceVersionDefinition,
  shouldFreeze: boolean,
): ObjectView {
  let object: UnstructuredObject | undefined;
  let bytes: Uint8Array | undefined;
  const convert = (): UnstructuredObject => {
    const converted = fromStorage(definition, version, stored.object);
    return shouldFreeze ? deepFreeze(converted) : converted;
  };
  return {
    get object() {
      return (object ??= convert());
    },
    bytes() {
      return (bytes ??= insertResourceVersion(encodeObject(this.object), stored.revision));
    },
  };
}

/** An object of the storage version in another version. The result may share parts with `object`. */
export function fromStorage(
  definition: ResourceDefinition,
  version: ResourceVersionDefinition,
  object: Readonly<UnstructuredObject>,
): UnstructuredObject {
  const converted = version.convert === undefined ? object : version.convert.fromStorage(object);
  const apiVersion = formatApiVersion(definition.group, version.version);
  if (converted.apiVersion === apiVersion && converted.kind === definition.kind) return converted;
  return { ...converted, apiVersion, kind: definition.kind };
}

/** The reverse of {@link fromStorage}. */
export function toStorage(form: StoredForm, version: ResourceVersionDefinition, object: UnstructuredObject): UnstructuredObject {
  if (version === form.version) return object;
  const converted = version.convert === undefined ? object : version.convert.toStorage(object);
  if (converted.apiVersion === form.apiVersion && converted.kind === form.definition.kind) return converted;
  return { ...converted, apiVersion: form.apiVersion, kind: form.definition.kind };
}
