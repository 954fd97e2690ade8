import type { Clock } from "@coracle/base";
import { formatTime, invalidField, newConflict, newInvalid, newNotFound, type FieldError } from "@coracle/apimachinery";
import type { ActionHandler } from "../registry/contract.ts";
import type { ObjectIdentity, ServiceAccountLookup, ServiceAccountTokens } from "./service-account-tokens.ts";

interface TokenRequestSpec {
  readonly audiences?: readonly string[] | null;
  readonly expirationSeconds?: number | null;
  readonly boundObjectRef?: { readonly kind?: string; readonly apiVersion?: string; readonly name?: string; readonly uid?: string } | null;
}

const shortestSeconds = 600;
const longestSeconds = 2 ** 32;
const resources = { Pod: "pods", Secret: "secrets", Node: "nodes" } as const;

/** Serves POST of `serviceaccounts/{name}/token`: a token, bound to a pod, secret or node where asked. */
export function createTokenRequestHandler(tokens: ServiceAccountTokens, lookup: ServiceAccountLookup, clock: Clock): ActionHandler {
  return async (_context, address, object) => {
    const spec = (object["spec"] ?? {}) as TokenRequestSpec;
    const { namespace, name } = address;
    // Upstream's default, an hour.
    const expirationSeconds = spec.expirationSeconds ?? 3600;
    const audiences = spec.audiences ?? [];
    const problems = validate(spec, expirationSeconds);
    if (problems.length > 0) throw newInvalid({ group: "authentication.k8s.io", kind: "TokenRequest" }, name, problems);
    const uid = await lookup.serviceAccount(namespace, name);
    if (uid === undefined) throw newNotFound({ group: "", resource: "serviceaccounts" }, name);
    const bound = await resolve(spec, namespace, lookup);
    const subject = { namespace, serviceAccount: { name, uid }, ...bound };
    const { token, expirationMs } = tokens.issue(subject, { audiences, expirationSeconds });
    const issuedFor = audiences.length === 0 ? tokens.apiAudiences : audiences;
    return {
      ...object,
      metadata: { ...object.metadata, name, namespace, creationTimestamp: formatTime(clock.now()) },
      spec: { ...spec, audiences: issuedFor, expirationSeconds },
      status: { token, expirationTimestamp: formatTime(expirationMs) },
    };
  };
}

function validate({ boundObjectRef }: TokenRequestSpec, seconds: number): FieldError[] {
  const problems: FieldError[] = [];
  const path = "spec.expirationSeconds";
  if (seconds < shortestSeconds) problems.push(invalidField(path, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > longestSeconds) problems.push(invalidField(path, seconds, "may not specify a duration larger than 2^32 seconds"));
  const kind = boundObjectRef?.kind;
  if (kind !== undefined && !Object.hasOwn(resources, kind)) {
    problems.push(invalidField("spec.boundObjectRef", kind, "cannot bind token for serviceaccount to other than Pod, Secret or Node"));
  }
  return problems;
}

async function resolve(
  { boundObjectRef: reference }: TokenRequestSpec,
  namespace: string,
  lookup: ServiceAccountLookup,
): Promise<{ pod?: ObjectIdentity; secret?: ObjectIdentity; node?: ObjectIdentity }> {
  if (reference?.kind === undefined) return {};
  const kind = reference.kind as keyof typeof resources;
  const { name = "" } = reference;
  const uid = await find(kind, namespace, name, lookup);
  const resource = { group: "", resource: resources[kind] };
  if (uid === undefined) throw newNotFound(resource, name);
  if (reference.uid !== undefined && reference.uid !== "" && reference.uid !== uid) {
    throw newConflict(
      resource,
      name,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  const identity = { name, uid };
  return kind === "Pod" ? { pod: identity } : kind === "Secret" ? { secret: identity } : { node: identity };
}

function find(kind: keyof typeof resources, namespace: string, name: string, lookup: ServiceAccountLookup): Promise<string | undefined> {
  switch (kind) {
    case "Pod":
      return lookup.pod(namespace, name);
    case "Secret":
      return lookup.secret(namespace, name);
    case "Node":
      return lookup.node(name);
  }
}
