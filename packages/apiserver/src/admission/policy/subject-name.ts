import type { AdmissionAttributes } from "../admission.ts";

/** How a refusal names the object: creations that leave the name to the server have only its prefix, items of collections nothing. */
export function nameForMessages({ requestName, object }: AdmissionAttributes): string {
  return requestName || object?.metadata?.name || object?.metadata?.generateName || "Unknown";
}
