import { deepEqual, formatTime, supportedValues, type Findings, type ResourceStrategy, type StrategyContext } from "@coracle/apimachinery";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../generated/certificates-v1.ts";
import { strategyOf } from "./hooks.ts";
import { validateSignerName } from "./shared/signer-names.ts";

/** What is wrong with data that only cryptography can judge, in words for the client; undefined when nothing is. */
export interface CertificateChecks {
  /** @param request PEM inside of base64, as `spec.request` carries it. */
  request(request: string): string | undefined;
  /** @param certificate PEM inside of base64, as `status.certificate` carries it. */
  certificate(certificate: string): string | undefined;
}

type Rule = "main" | "status" | "approval";

const usages = supportedValues(
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
);
const leastSeconds = 600;
const legacySigner = "kubernetes.io/legacy-unknown";
const decisions = ["Approved", "Denied"] as const;
const lasting = [...decisions, "Failed"] as const;
const anyStatus = supportedValues("False", "True", "Unknown");
const onlyTrue = supportedValues("True");

/**
 * CertificateSigningRequests say who asked, do not change, are approved through `approval` and signed through `status`.
 * KEP-1513; the checks need cryptography, which this package does without.
 */
export function certificateSigningRequestStrategy(checks: CertificateChecks): ResourceStrategy {
  return strategyOf<CertificateSigningRequest>({
    // Two subresources change parts of it: see prepareUpdate.
    hasStatus: false,
    prepareCreate(request, { user }) {
      const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...spec } = request.spec;
      request.spec = {
        ...spec,
        username: user.name,
        ...(user.uid !== undefined && user.uid !== "" && { uid: user.uid }),
        ...(user.groups.length > 0 && { groups: [...user.groups] }),
        ...(user.extra !== undefined && Object.keys(user.extra).length > 0 && { extra: copyOf(user.extra) }),
      };
      request.status = {};
    },
    prepareUpdate,
    validate: (request, out, old) => validateRequest(request, out, { old, checks, rule: "main" }),
    subresources: {
      status: (request, old, out) => validateRequest(request, out, { old, checks, rule: "status" }),
      approval: (request, old, out) => validateRequest(request, out, { old, checks, rule: "approval" }),
    },
    more: { validateName: () => [], allowUnconditionalUpdate: true },
  });
}

const copyOf = (extra: Readonly<Record<string, readonly string[]>>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));

function prepareUpdate(request: CertificateSigningRequest, old: Readonly<CertificateSigningRequest>, context: StrategyContext): void {
  const given = request.status?.conditions ?? [];
  request.spec = old.spec;
  if (context.subresource === "") {
    if (old.status === undefined) delete request.status;
    else request.status = old.status;
    return;
  }
  const kept = context.subresource === "status" ? withDecisions(given, old.status?.conditions ?? []) : given;
  const base = context.subresource === "status" ? request.status : old.status;
  const { conditions: _conditions, ...rest } = base ?? {};
  request.status = { ...rest, ...(kept.length > 0 && { conditions: stamped(kept, old.status?.conditions ?? [], context.nowMs) }) };
}

type Condition = CertificateSigningRequestCondition;

/** Signers cannot decide: as many decisions as before are those that were there. More or fewer are for validation to refuse. */
function withDecisions(given: readonly Condition[], old: readonly Condition[]): Condition[] {
  let conditions = [...given];
  for (const type of decisions) {
    const before = old.filter((condition) => condition.type === type);
    if (before.length !== conditions.filter((condition) => condition.type === type).length) continue;
    const rest = before.values();
    conditions = conditions.map((condition) => (condition.type === type ? (rest.next().value ?? condition) : condition));
  }
  return conditions;
}

function stamped(conditions: readonly Condition[], old: readonly Condition[], nowMs: number): Condition[] {
  const now = formatTime(nowMs);
  return conditions.map((condition) => {
    const same = old.find(({ type, status }) => type === condition.type && status === condition.status);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? now,
    };
  });
}

interface Judged {
  readonly old: Readonly<CertificateSigningRequest> | undefined;
  readonly checks: CertificateChecks;
  readonly rule: Rule;
}

function validateRequest(request: Readonly<CertificateSigningRequest>, out: Findings, judged: Judged): void {
  const { old, checks, rule } = judged;
  validateSpec(request, out, judged);
  validateConditions(request.status?.conditions ?? [], old?.status?.conditions ?? [], out);
  const certificate = request.status?.certificate ?? "";
  const oldCertificate = old?.status?.certificate ?? "";
  const flaw = certificate === "" || certificate === oldCertificate ? undefined : checks.certificate(certificate);
  if (flaw !== undefined) out.invalid("status.certificate", "<certificate data>", flaw);
  if (old === undefined) return;
  validateDecisions(request.status?.conditions ?? [], old.status?.conditions ?? [], { out, mayDecide: rule === "approval" });
  if (certificate === oldCertificate) return;
  if (rule !== "status") out.forbidden("status.certificate", "updates may not set certificate content");
  else if (oldCertificate !== "") out.forbidden("status.certificate", "updates may not modify existing certificate content");
}

function validateSpec({ spec }: Readonly<CertificateSigningRequest>, out: Findings, { old, checks }: Judged): void {
  // It does not change, so what was accepted once need not be looked at again.
  if (old !== undefined) return;
  const flaw = checks.request(spec.request ?? "");
  if (flaw !== undefined) out.invalid("spec.request", spec.request ?? null, flaw);
  const given = spec.usages ?? [];
  if (given.length === 0) out.required("spec.usages");
  for (const [index, usage] of given.entries()) if (!usages.has(usage)) out.unsupported(`spec.usages[${index}]`, usage, usages.values);
  for (const [index, usage] of given.entries()) if (given.indexOf(usage) < index) out.duplicate(`spec.usages[${index}]`, usage);
  if (spec.signerName === legacySigner)
    out.invalid("spec.signerName", spec.signerName, "the legacy signerName is not allowed via this API version");
  else validateSignerName(spec.signerName, "spec.signerName", out);
  const { expirationSeconds } = spec;
  if (expirationSeconds !== undefined && expirationSeconds < leastSeconds)
    out.invalid("spec.expirationSeconds", expirationSeconds, "may not specify a duration less than 600 seconds (10 minutes)");
}

/** What was accepted earlier, by an older version, may stay. */
function validateConditions(conditions: readonly Condition[], old: readonly Condition[], out: Findings): void {
  const types = (list: readonly Condition[]): string[] => list.map(({ type }) => type);
  const hasBoth = decisions.every((type) => types(old).includes(type));
  const hadDuplicates = new Set(types(old)).size < old.length;
  const hadEmpty = types(old).includes("");
  const seen = new Set<string>();
  for (const [index, { type, status }] of conditions.entries()) {
    const at = `status.conditions[${index}]`;
    if (type === "" && !hadEmpty) out.required(`${at}.type`);
    const supported = (lasting as readonly string[]).includes(type) ? onlyTrue : anyStatus;
    if (status === "") out.required(`${at}.status`);
    else if (!supported.has(status)) out.unsupported(`${at}.status`, status, supported.values);
    const other = type === "Approved" ? "Denied" : type === "Denied" ? "Approved" : undefined;
    if (!hasBoth && other !== undefined && seen.has(other))
      out.invalid("status.conditions", type, "Approved and Denied conditions are mutually exclusive");
    if (!hadDuplicates && seen.has(type)) out.duplicate(`${at}.type`, type);
    seen.add(type);
  }
}

function validateDecisions(
  conditions: readonly Condition[],
  old: readonly Condition[],
  { out, mayDecide }: { readonly out: Findings; readonly mayDecide: boolean },
): void {
  const of = (list: readonly Condition[], type: string): Condition[] => list.filter((condition) => condition.type === type);
  for (const type of lasting) {
    if (of(conditions, type).length < of(old, type).length)
      out.forbidden("status.conditions", `updates may not remove a condition of type "${type}"`);
  }
  if (mayDecide) return;
  for (const type of decisions) {
    const now = of(conditions, type);
    const before = of(old, type);
    if (now.length > before.length) out.forbidden("status.conditions", `updates may not add a condition of type "${type}"`);
    else if (now.length === before.length && !deepEqual(now, before))
      out.forbidden("status.conditions", `updates may not modify a condition of type "${type}"`);
  }
}
