import { isPlainObject } from "@coracle/apimachinery";
import type { ControllerRevision } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";

export const controllerRevisions = strategyOf<ControllerRevision>({
  hasStatus: false,
  validate({ revision, data }, out, old) {
    out.nonNegative(revision, "revision");
    if (old !== undefined) out.immutable(data, old.data, "data");
    else if (data === undefined || data === null) out.required("data", "data is mandatory");
    else if (!isPlainObject(data)) out.required("data", "data must be a valid JSON object");
  },
});
