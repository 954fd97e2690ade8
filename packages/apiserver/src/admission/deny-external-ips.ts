import { newForbidden } from "@coracle/apimachinery";
import type { Service } from "@coracle/api";
import { isAbout, type AdmissionPlugin } from "./admission.ts";

/** Services claim no addresses outside the cluster beyond those that they have. Off unless it is asked for. */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: "DenyServiceExternalIPs",
  handles: (attributes) => isAbout(attributes, "services") && (attributes.operation === "CREATE" || attributes.operation === "UPDATE"),
  validate({ object, old, definition, name }) {
    const before = new Set((old as unknown as Service | undefined)?.spec?.externalIPs);
    const added = ((object as unknown as Service).spec?.externalIPs ?? []).filter((address) => !before.has(address));
    if (added.length > 0) throw newForbidden(definition, name, "Use of external IPs is denied by admission control");
  },
};
