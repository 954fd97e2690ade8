import { canonicalIpErrors, dnsSubdomainErrors, pathSegmentErrors } from "@coracle/apimachinery";
import type { IPAddress } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goPointer } from "../shared/go-form.ts";

export const ipAddresses = strategyOf<IPAddress>({
  hasStatus: false,
  validate({ spec }, out, old) {
    const parent = spec?.parentRef;
    const at = "spec.parentRef";
    if (old !== undefined) return out.immutable(parent, old.spec?.parentRef, at, goPointer("networking/v1.ParentReference", parent));
    if (parent === undefined) return out.required(at);
    if (parent.group) out.messages(`${at}.group`, parent.group, dnsSubdomainErrors(parent.group));
    for (const name of ["resource", "name"] as const)
      if (out.present(parent[name], `${at}.${name}`)) out.messages(`${at}.${name}`, parent[name], pathSegmentErrors(parent[name] ?? ""));
    if (parent.namespace) out.messages(`${at}.namespace`, parent.namespace, pathSegmentErrors(parent.namespace));
  },
  more: { validateName: (name) => [...canonicalIpErrors(name)] },
});
