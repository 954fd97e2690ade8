import type { FieldError, KubeObject, ResourceStrategy, StrategyContext, UnstructuredObject } from "@coracle/apimachinery";
import { statusStrategy } from "../builtin/object-strategy.ts";

/** A kind's own rules, on typed objects. What it leaves out is as for every kind. */
export interface KindHooks<T extends KubeObject> {
  /** Sets what depends on other fields. */
  defaults?(object: T): void;
  /** After what every kind does: generation, and status as it may be on creation. */
  prepareCreate?(object: T, context: StrategyContext): void;
  prepareUpdate?(object: T, old: Readonly<T>, context: StrategyContext): void;
  validate?(object: Readonly<T>): FieldError[];
  /** Besides {@link validate}: what may not change. Not asked for status and other subresources. */
  validateUpdate?(object: Readonly<T>, old: Readonly<T>): FieldError[];
  /** Further parts of the strategy. */
  readonly more?: Pick<
    ResourceStrategy,
    "validateName" | "gracePeriodSeconds" | "warnings" | "allowCreateOnUpdate" | "allowUnconditionalUpdate" | "defaultPropagation"
  >;
  /** Whether the kind has a status subresource. Defaults to true. */
  readonly hasStatus?: boolean;
}

/** The strategy of a kind with these rules. */
export function strategyOf<T extends KubeObject>(hooks: KindHooks<T>): ResourceStrategy {
  const base: ResourceStrategy = (hooks.hasStatus ?? true) ? statusStrategy : {};
  // The API server decodes by the kind's schema before it calls these, so that objects have the generated type.
  const typed = (object: Readonly<UnstructuredObject>): T => object as unknown as T;
  return {
    ...hooks.more,
    ...(hooks.defaults !== undefined && { applyDefaults: (object) => hooks.defaults?.(typed(object)) }),
    prepareForCreate(object, context) {
      base.prepareForCreate?.(object, context);
      hooks.prepareCreate?.(typed(object), context);
    },
    prepareForUpdate(object, old, context) {
      base.prepareForUpdate?.(object, old, context);
      hooks.prepareUpdate?.(typed(object), typed(old), context);
    },
    validateCreate: (object) => hooks.validate?.(typed(object)) ?? [],
    validateUpdate(object, old, { subresource }) {
      const isMain = subresource === "";
      return isMain ? [...(hooks.validateUpdate?.(typed(object), typed(old)) ?? []), ...(hooks.validate?.(typed(object)) ?? [])] : [];
    },
  };
}
