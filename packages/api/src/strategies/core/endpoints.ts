import { dnsSubdomainErrors, Findings, ipWarnings, semanticEqual } from "@coracle/apimachinery";
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { enumOf } from "../shared/enums.ts";
import { mayBeLoopback, validateEndpointIp, validateLegacyIp } from "../shared/endpoint-ip.ts";

const protocols = enumOf("core/v1.Protocol");
const changeTime = "endpoints.kubernetes.io/last-change-trigger-time";

export const endpoints = strategyOf<Endpoints>({
  hasStatus: false,
  defaults({ subsets = [] }) {
    for (const { ports = [] } of subsets) for (const port of ports) port.protocol ||= "TCP";
  },
  validate({ metadata, subsets = [] }, out, old) {
    const time = metadata.annotations?.[changeTime];
    if (time !== undefined && !isRfc3339(time))
      out.invalid(`annotations[${changeTime}]`, time, "must be a valid RFC 3339 timestamp (e.g. 2018-10-22T19:32:52.1Z)");
    const found = new Findings();
    for (const [index, subset] of subsets.entries()) validateSubset(subset, `subsets[${index}]`, found, metadata.name);
    // Addresses are judged more strictly than once; what is stored may stay.
    if (found.errors.length > 0 && (old === undefined || !semanticEqual(old.subsets, subsets))) out.addAll(found.errors);
  },
  warnings({ subsets = [] }) {
    return subsets.flatMap((subset, index) =>
      (["addresses", "notReadyAddresses"] as const).flatMap((list) =>
        (subset[list] ?? []).flatMap(({ ip }, position) => ipWarnings(`subsets[${index}].${list}[${position}].ip`, ip)),
      ),
    );
  },
});

function isRfc3339(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text));
}

function validateSubset(subset: Readonly<EndpointSubset>, at: string, out: Findings, name?: string): void {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  if (addresses.length + notReadyAddresses.length === 0) out.required(at, "must specify `addresses` or `notReadyAddresses`");
  for (const [index, address] of addresses.entries()) validateAddress(address, `${at}.addresses[${index}]`, out, name);
  for (const [index, address] of notReadyAddresses.entries()) validateAddress(address, `${at}.notReadyAddresses[${index}]`, out, name);
  for (const [index, port] of ports.entries()) validatePort(port, ports.length > 1, `${at}.ports[${index}]`, out);
}

function validateAddress(
  { ip = "", hostname, nodeName, targetRef }: Readonly<EndpointAddress>,
  at: string,
  out: Findings,
  name?: string,
): void {
  const isIp = validateLegacyIp(ip, `${at}.ip`, out);
  if (hostname) out.label(hostname, `${at}.hostname`);
  if (nodeName !== undefined) out.messages(`${at}.nodeName`, nodeName, dnsSubdomainErrors(nodeName));
  if (isIp) validateEndpointIp(ip, `${at}.ip`, out, mayBeLoopback({ name, targetKind: targetRef?.kind }));
}

function validatePort(port: Readonly<EndpointPort>, needsName: boolean, at: string, out: Findings): void {
  if (needsName && !port.name) out.required(`${at}.name`);
  else if (port.name) out.label(port.name, `${at}.name`);
  out.portNumber(port.port ?? 0, `${at}.port`);
  out.requiredOneOf(port.protocol, protocols, `${at}.protocol`);
  if (port.appProtocol !== undefined) out.qualifiedName(port.appProtocol, `${at}.appProtocol`);
}
