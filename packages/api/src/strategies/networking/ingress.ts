import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  Findings,
  parseIp,
  pathSegmentErrors,
  portNameErrors,
  supportedValues,
  wildcardSubdomainErrors,
} from "@coracle/apimachinery";
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { validateLegacyIp } from "../shared/endpoint-ip.ts";

const pathTypes = supportedValues("Exact", "ImplementationSpecific", "Prefix");
const badSequences = ["//", "/./", "/../", "%2f", "%2F"];
const badSuffixes = ["/..", "/."];
const classAnnotation = "kubernetes.io/ingress.class";
const noSpec: IngressSpec = {};

export const ingresses = strategyOf<Ingress>({
  validate({ metadata, spec = noSpec }, out, old) {
    validateSpec(spec, out, old?.spec);
    const annotation = metadata.annotations?.[classAnnotation];
    if (old === undefined && annotation !== undefined && spec.ingressClassName !== undefined && annotation !== spec.ingressClassName)
      out.invalid(`annotations.${classAnnotation}`, annotation, "must match `ingressClassName` when both are specified");
  },
  subresources: {
    status({ status = {} }, old, out) {
      const kept = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
      for (const [index, { ip = "", hostname = "" }] of (status.loadBalancer?.ingress ?? []).entries()) {
        const at = `status.loadBalancer.ingress[${index}]`;
        if (ip !== "") validateLegacyIp(ip, `${at}.ip`, out, kept);
        if (hostname === "") continue;
        out.messages(`${at}.hostname`, hostname, dnsSubdomainErrors(hostname));
        refuseIp(hostname, `${at}.hostname`, out);
      }
    },
  },
  warnings({ metadata }, old) {
    if (old !== undefined || metadata.annotations?.[classAnnotation] === undefined) return [];
    return [`annotation ${JSON.stringify(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`];
  },
});

function refuseIp(host: string, at: string, out: Findings): void {
  if (parseIp(host) !== undefined) out.invalid(at, host, "must be a DNS name, not an IP address");
}

function validateSpec(spec: Readonly<IngressSpec>, out: Findings, old: Readonly<IngressSpec> | undefined): void {
  const { rules = [], defaultBackend, tls = [] } = spec;
  if (rules.length === 0 && defaultBackend === undefined)
    out.invalid("spec", spec.rules ?? null, "either `defaultBackend` or `rules` must be specified");
  if (defaultBackend !== undefined) validateBackend(defaultBackend, "spec.defaultBackend", out);
  const mayKeepWildcards = (old?.rules ?? []).some(
    (rule) => rule.host?.includes("*") === true && isWrong((found) => validatePaths(rule, "", found)),
  );
  for (const [index, rule] of rules.entries()) {
    const at = `spec.rules[${index}]`;
    validateHost(rule.host ?? "", `${at}.host`, out);
    if (!mayKeepWildcards || rule.host?.includes("*") !== true) validatePaths(rule, at, out);
  }
  const mayKeepSecrets = (old?.tls ?? []).some(({ secretName }) => secretName && dnsSubdomainErrors(secretName).length > 0);
  for (const [index, { hosts = [], secretName }] of tls.entries()) {
    for (const [position, host] of hosts.entries()) {
      const errors = host.includes("*") ? wildcardSubdomainErrors(host) : dnsSubdomainErrors(host);
      out.messages(`spec.tls[${index}].hosts[${position}]`, host, errors);
    }
    if (secretName && !mayKeepSecrets) out.messages(`spec.tls[${index}].secretName`, secretName, dnsSubdomainErrors(secretName));
  }
  if (spec.ingressClassName !== undefined)
    out.messages("spec.ingressClassName", spec.ingressClassName, dnsSubdomainErrors(spec.ingressClassName));
}

function isWrong(validate: (found: Findings) => void): boolean {
  const found = new Findings();
  validate(found);
  return found.errors.length > 0;
}

function validateHost(host: string, at: string, out: Findings): void {
  if (host === "") return;
  refuseIp(host, at, out);
  out.messages(at, host, host.includes("*") ? wildcardSubdomainErrors(host) : dnsSubdomainErrors(host));
}

function validatePaths({ http }: Readonly<IngressRule>, at: string, out: Findings): void {
  if (http === undefined) return;
  if ((http.paths ?? []).length === 0) out.required(`${at}.http.paths`);
  for (const [index, path] of (http.paths ?? []).entries()) validatePath(path, `${at}.http.paths[${index}]`, out);
}

function validatePath({ path = "", pathType, backend }: Readonly<HTTPIngressPath>, at: string, out: Findings): void {
  if (pathType === undefined) return out.required(`${at}.pathType`, "pathType must be specified");
  if (pathTypes.has(pathType)) {
    const isLenient = pathType === "ImplementationSpecific";
    if (!path.startsWith("/") && !(isLenient && path === "")) out.invalid(`${at}.path`, path, "must be an absolute path");
    if (!isLenient && path !== "") {
      for (const each of badSequences) if (path.includes(each)) out.invalid(`${at}.path`, path, `must not contain '${each}'`);
      for (const each of badSuffixes) if (path.endsWith(each)) out.invalid(`${at}.path`, path, `cannot end with '${each}'`);
    }
  } else out.unsupported(`${at}.pathType`, pathType, pathTypes.values);
  validateBackend(backend ?? {}, `${at}.backend`, out);
}

function validateBackend({ resource, service }: Readonly<IngressBackend>, at: string, out: Findings): void {
  if (resource !== undefined && service !== undefined) return out.invalid(at, "", "cannot set both resource and service backends");
  if (resource !== undefined) {
    if (resource.apiGroup !== undefined) out.messages(`${at}.resource.apiGroup`, resource.apiGroup, dnsSubdomainErrors(resource.apiGroup));
    for (const name of ["kind", "name"] as const)
      if (out.present(resource[name], `${at}.resource.${name}`))
        out.messages(`${at}.resource.${name}`, resource[name], pathSegmentErrors(resource[name]));
  } else if (service !== undefined) {
    if (out.present(service.name, `${at}.service.name`)) out.messages(`${at}.service.name`, service.name, dnsLabelErrors(service.name));
    const { name = "", number = 0 } = service.port ?? {};
    if (name !== "" && number !== 0) out.invalid(at, "", "cannot set both port name & port number");
    else if (name !== "") out.messages(`${at}.service.port.name`, name, portNameErrors(name));
    else if (number !== 0) out.portNumber(number, `${at}.service.port.number`);
    else out.required(at, "port name or number is required");
  } else out.invalid(at, "", "resource or service backend is required");
}
