import type { DeviceClass } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { isExtendedResource } from "../shared/resource-names.ts";
import { validateConfiguration, validateSelectors } from "./device-configuration.ts";
import { validateList } from "./lists.ts";

const configLimit = 32;

export const deviceClasses = strategyOf<DeviceClass>({
  hasStatus: false,
  hasGeneration: true,
  validate({ spec = {} }, out) {
    validateSelectors(spec.selectors ?? [], "spec.selectors", out);
    validateList({ items: spec.config ?? [], mostItems: configLimit, at: "spec.config", out }, ({ opaque }, at) =>
      validateConfiguration(opaque, at, out),
    );
    const { extendedResourceName: name } = spec;
    if (name !== undefined && !isExtendedResource(name))
      out.invalid("spec.extendedResourceName", name, "must be a valid extended resource name");
  },
});
