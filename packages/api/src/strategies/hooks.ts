import {
  Findings,
  deepEqual,
  type FieldError,
  type KubeObject,
  type ResourceStrategy,
  type StrategyContext,
  type UnstructuredObject,
} from "@coracle/apimachinery";

/** A kind's own rules, on typed objects. What it leaves out is as for every kind. Findings go into `out`. */
export interface KindHooks<T extends KubeObject> {
  /** Sets what depends on other fields. */
  defaults?(object: T): void;
  /** After what every kind does: generation, and no status. */
  prepareCreate?(object: T, context: StrategyContext): void;
  /** After what every kind does: generation, and the status or everything else as it was. */
  prepareUpdate?(object: T, old: Readonly<T>, context: StrategyContext): void;
  /** On creation, when `old` is undefined, and on updates of the main resource. */
  validate?(object: Readonly<T>, out: Findings, old: Readonly<T> | undefined, context: StrategyContext): FieldError[] | void;
  /** Besides {@link validate} on updates of the main resource. */
  validateUpdate?(object: Readonly<T>, old: Readonly<T>, out: Findings): FieldError[] | void;
  /** On updates of subresources, by name: `status`, `approval`, `resize`. */
  readonly subresources?: Readonly<Record<string, SubresourceRule<T>>>;
  /** On creation, and with `old` on updates of the main resource. */
  warnings?(object: Readonly<T>, old?: Readonly<T>): string[];
  /** Further parts of the strategy. */
  readonly more?: Pick<
    ResourceStrategy,
    "validateName" | "gracePeriodSeconds" | "allowCreateOnUpdate" | "allowUnconditionalUpdate" | "defaultPropagation" | "orphaningWarning"
  >;
  /** Whether the kind has a status subresource. Defaults to true. */
  readonly hasStatus?: boolean;
  /** Whether `metadata.generation` counts the changes of everything but metadata and status. Defaults to `hasStatus`. */
  readonly hasGeneration?: boolean;
  /** Whether updates of `status` may not change labels, annotations and finalizers. Defaults to false. */
  readonly keepsMetadataOnStatus?: boolean;
}

export type SubresourceRule<T> = (object: Readonly<T>, old: Readonly<T>, out: Findings) => void;

/** The strategy of a kind with these rules. */
export function strategyOf<T extends KubeObject>(hooks: KindHooks<T>): ResourceStrategy {
  // The API server decodes by the kind's schema before it calls these, so that objects have the generated type.
  const typed = (object: Readonly<UnstructuredObject>): T => object as unknown as T;
  const { defaults, warnings } = hooks;
  return {
    ...hooks.more,
    ...(defaults !== undefined && { applyDefaults: (object) => defaults(typed(object)) }),
    ...(warnings !== undefined && { warnings: (object, old) => warnings(typed(object), old && typed(old)) }),
    prepareForCreate(object, context) {
      if (hooks.hasStatus ?? true) delete object["status"];
      if (hooks.hasGeneration ?? hooks.hasStatus ?? true) object.metadata.generation = 1;
      hooks.prepareCreate?.(typed(object), context);
    },
    prepareForUpdate(object, old, context) {
      prepareUpdate(hooks, object, old, context);
      hooks.prepareUpdate?.(typed(object), typed(old), context);
    },
    validateCreate(object, context) {
      const out = new Findings();
      validateFinalizerNames(object, out);
      out.addAll(hooks.validate?.(typed(object), out, undefined, context) ?? []);
      return out.errors;
    },
    validateUpdate(object, old, context) {
      const { subresource } = context;
      const out = new Findings();
      validateFinalizerNames(object, out);
      if (subresource === "") {
        out.addAll(hooks.validate?.(typed(object), out, typed(old), context) ?? []);
        out.addAll(hooks.validateUpdate?.(typed(object), typed(old), out) ?? []);
      } else hooks.subresources?.[subresource]?.(typed(object), typed(old), out);
      return out.errors;
    },
  };
}

const unversioned = new Set(["apiVersion", "kind", "metadata", "status"]);

function prepareUpdate<T extends KubeObject>(
  hooks: KindHooks<T>,
  object: UnstructuredObject,
  old: Readonly<UnstructuredObject>,
  { subresource }: StrategyContext,
): void {
  if (subresource === "status") {
    for (const key of desiredKeys(object, old)) setOrDelete(object, key, old[key]);
    if (hooks.keepsMetadataOnStatus === true)
      for (const key of ["labels", "annotations", "finalizers"] as const) setOrDelete(object.metadata, key, old.metadata[key]);
  } else if (hooks.hasStatus ?? true) setOrDelete(object, "status", old["status"]);
  if (!(hooks.hasGeneration ?? hooks.hasStatus ?? true)) return;
  const isChanged = desiredKeys(object, old).some((key) => !deepEqual(object[key], old[key]));
  setOrDelete(object.metadata, "generation", isChanged ? (old.metadata.generation ?? 0) + 1 : old.metadata.generation);
}

function setOrDelete(target: object, key: string, value: unknown): void {
  if (value === undefined) delete (target as Record<string, unknown>)[key];
  else (target as Record<string, unknown>)[key] = value;
}

function desiredKeys(object: UnstructuredObject, old: Readonly<UnstructuredObject>): string[] {
  return [...new Set([...Object.keys(object), ...Object.keys(old)])].filter((key) => !unversioned.has(key));
}

const standardFinalizers = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** Finalizers of the built-in kinds have a domain, unless they are the platform's own. */
function validateFinalizerNames({ metadata }: Readonly<KubeObject>, out: Findings): void {
  for (const [index, name] of (metadata.finalizers ?? []).entries()) {
    if (!name.includes("/") && !standardFinalizers.has(name))
      out.invalid(`metadata.finalizers[${index}]`, name, "name is neither a standard finalizer name nor is it fully qualified");
  }
}
