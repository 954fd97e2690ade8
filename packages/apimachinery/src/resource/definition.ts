import type { GroupVersionKind, KubeObject, UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import type { FieldError } from "../validation/field-error.ts";

/**
 * Everything the API server knows about one resource. A built-in kind and a CustomResourceDefinition are the same thing here:
 * nothing in the request path knows what a Pod is.
 */
export interface ResourceDefinition {
  /** The empty string is the core group. */
  readonly group: string;
  /** Lower-case plural: `pods`. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly Verb[];
  /** In order of preference; exactly one has `isStorage`. */
  readonly versions: readonly ResourceVersionDefinition[];
  /** What follows `/registry/`: `pods`, `services/specs`, `minions`, `example.com/widgets`. */
  readonly storagePath: string;
  readonly strategy: ResourceStrategy;
  /** Whether a CustomResourceDefinition made it. */
  readonly isCustom: boolean;
  /**
   * Present when only a webhook knows how to convert between the versions: the objects in another version of the group, in order. None of
   * the versions has a `convert` then. @throws {StatusError} 500 when it does not answer as it should.
   */
  convertRemotely?(objects: readonly Readonly<UnstructuredObject>[], apiVersion: string): Promise<UnstructuredObject[]>;
}

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

export interface ResourceVersionDefinition {
  readonly version: string;
  readonly isServed: boolean;
  readonly isStorage: boolean;
  /** Of the whole object, apiVersion, kind and metadata included. */
  readonly schema: Schema;
  readonly columns: readonly ColumnDefinition[];
  /** Why `kubectl` may hide the row of an object: pods that are finished. */
  rowConditions?(object: UnstructuredObject): readonly RowCondition[];
  readonly subresources: readonly SubresourceDefinition[];
  /** Field selector label → value of an object in this version; `metadata.name` and `metadata.namespace` always work. */
  readonly selectableFields: Readonly<Record<string, (object: UnstructuredObject) => string>>;
  /**
   * Checks an object of this version besides the strategy's rules: by the schema and the expressions of a custom resource. What is as it
   * was in `old` may stay. A promise where the rules have to be loaded first.
   */
  validate?(
    object: Readonly<UnstructuredObject>,
    old: Readonly<UnstructuredObject> | undefined,
    warn: (text: string) => void,
  ): FieldError[] | Promise<FieldError[]>;
  /** Present when the version is deprecated: the text of the `Warning` header. */
  readonly deprecationWarning?: string;
  /** Conversion from and to the storage version; absent on the storage version and where only apiVersion differs. */
  readonly convert?: {
    toStorage(object: UnstructuredObject): UnstructuredObject;
    fromStorage(object: UnstructuredObject): UnstructuredObject;
  };
  /** Sets the version's own defaults that depend on other fields: after the schema's, before the conversion, in place. */
  applyDefaults?(object: UnstructuredObject): void;
}

/** A condition of a row in a `Table`. */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ColumnDefinition {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly description?: string;
  /** 0 is always shown; more than 0 in wide output. */
  readonly priority: number;
  /** The cell; `nowMs` is for ages. */
  cell(object: UnstructuredObject, nowMs: number): unknown;
}

/** A subresource that the generic registry serves (`status`, `scale`, `approval`, `ephemeralcontainers`, `resize`) or that has a handler. */
export interface SubresourceDefinition {
  readonly name: string;
  readonly verbs: readonly string[];
  /** The kind that its requests and answers carry. */
  readonly kind: GroupVersionKind;
  /** For `scale`: JSON paths such as `.spec.replicas`. */
  readonly scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  /** Present when its kind is deprecated: the text of the `Warning` header, instead of the version's. */
  readonly deprecationWarning?: string;
}

export interface StrategyContext {
  /** RFC 3339, whole seconds. */
  readonly now: string;
  readonly nowMs: number;
  /** Of the request: `apps/v1beta1`. Some rules are newer than a retired version. */
  readonly apiVersion: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  readonly user: {
    readonly name: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly isDryRun: boolean;
}

/** The hooks that data cannot express. Objects are in the storage version; `prepare…` may change `object` in place. */
export interface ResourceStrategy {
  /** Loads code that the hooks need for this object and most servers never run (expressions). Awaited before the hooks of each write. */
  load?(object: Readonly<UnstructuredObject>): Promise<void> | undefined;
  /** Sets what depends on other fields, after the schema's own defaults. */
  applyDefaults?(object: UnstructuredObject): void;
  /** Drops or sets fields that clients may not choose (status on create, generation …). */
  prepareForCreate?(object: UnstructuredObject, context: StrategyContext): void;
  prepareForUpdate?(object: UnstructuredObject, old: Readonly<UnstructuredObject>, context: StrategyContext): void;
  validateCreate?(object: Readonly<UnstructuredObject>, context: StrategyContext): FieldError[];
  validateUpdate?(object: Readonly<UnstructuredObject>, old: Readonly<UnstructuredObject>, context: StrategyContext): FieldError[];
  /** Texts for `Warning` headers: of a new object, or with `old` of an update of the main resource. */
  warnings?(object: Readonly<UnstructuredObject>, old?: Readonly<UnstructuredObject>): string[];
  /** Rule for `metadata.name`; defaults to a DNS-1123 subdomain. Returns messages, none when valid. */
  validateName?(name: string, isPrefix: boolean): string[];
  /** Whether PUT may create a missing object. Defaults to false. */
  readonly allowCreateOnUpdate?: boolean;
  /** Whether PUT without resourceVersion overwrites. Defaults to true for built-in kinds. */
  readonly allowUnconditionalUpdate?: boolean;
  /** Seconds that an object lingers with a deletionTimestamp before it goes (Pods); undefined deletes at once. */
  gracePeriodSeconds?(object: Readonly<KubeObject>, requested: number | undefined): number | undefined;
  /** `Foreground`, `Background` or `Orphan` when the client does not choose. Defaults to Background. */
  readonly defaultPropagation?: "Background" | "Orphan";
  /** Put on an object when its deletion is asked for; whoever does the last work takes it off. */
  readonly deletionFinalizer?: string;
  /** Text of a `Warning` for who deletes without saying what is to become of dependents. */
  readonly orphaningWarning?: string;
}
