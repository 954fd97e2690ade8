import { configMapKeyErrors } from "@coracle/apimachinery";
import type { ConfigMap } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { dataLimitBytes, sizeOfBase64, sizeOfTexts, validateFrozen } from "../shared/frozen-data.ts";

export const configMaps = strategyOf<ConfigMap>({
  hasStatus: false,
  validate({ data = {}, binaryData = {} }, out) {
    for (const key of Object.keys(data)) {
      out.messages(`data[${key}]`, key, configMapKeyErrors(key));
      if (binaryData[key] !== undefined) out.invalid(`data[${key}]`, key, "duplicate of key present in binaryData");
    }
    for (const key of Object.keys(binaryData)) out.messages(`binaryData[${key}]`, key, configMapKeyErrors(key));
    const bytes = sizeOfTexts(Object.values(data), dataLimitBytes) + sizeOfBase64(Object.values(binaryData));
    if (bytes > dataLimitBytes) out.tooLong("", dataLimitBytes);
  },
  validateUpdate: (map, old, out) => validateFrozen(map, old, ["data", "binaryData"], out),
});
