import { supportedValues, type Supported } from "@coracle/apimachinery";
import { enumValues } from "../../generated/enums.ts";

/** The values of a declared string type such as `core/v1.PullPolicy`, in order of the alphabet. */
export function enumOf(type: keyof typeof enumValues): Supported {
  return supportedValues(...enumValues[type]);
}
