/** The three patches of the API: JSON Patch, merge patch and strategic merge patch. */
export { applyJsonPatch, jsonPatchOperationsLimit } from "./json-patch.ts";
export { applyMergePatch } from "./merge-patch.ts";
export { applyStrategicMergePatch } from "./strategic-merge-patch.ts";
