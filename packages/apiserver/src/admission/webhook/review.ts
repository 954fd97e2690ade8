import { isPlainObject, newGenericServerResponse, errorFromStatus, type Status, type UnstructuredObject } from "@coracle/apimachinery";
import type { AdmissionRequestBody } from "../matching/index.ts";

const group = "admission.k8s.io";
const knownVersions = ["v1", "v1beta1"] as const;
export type ReviewVersion = (typeof knownVersions)[number];

/** The first AdmissionReview version of the webhook that we know. */
export function reviewVersionOf(versions: readonly string[]): ReviewVersion | undefined {
  return versions.find((version): version is ReviewVersion => (knownVersions as readonly string[]).includes(version));
}

export interface ReviewSubject {
  readonly uid: string;
  readonly request: AdmissionRequestBody;
  readonly object: Readonly<UnstructuredObject> | undefined;
  readonly old: Readonly<UnstructuredObject> | undefined;
}

/** The body that a webhook gets. */
export function admissionReview(version: ReviewVersion, { uid, request, object, old }: ReviewSubject): Record<string, unknown> {
  const { dryRun, options, ...named } = request;
  return {
    kind: "AdmissionReview",
    apiVersion: `${group}/${version}`,
    request: { uid, ...named, object: object ?? null, oldObject: old ?? null, dryRun, options },
  };
}

/** What a webhook says. */
export interface ReviewAnswer {
  readonly isAllowed: boolean;
  /** A Status; anything. */
  readonly result: unknown;
  /** Undecoded JSON. */
  readonly patch: Buffer | undefined;
  /** Empty without a patch. */
  readonly patchType: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** The body is an AdmissionReview of the version, or an error in words of upstream's decoder. */
export function decodeReview(version: ReviewVersion, body: unknown): Record<string, unknown> {
  if (!isPlainObject(body)) {
    const found = Array.isArray(body) ? "array" : typeof body;
    throw new Error(`couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type struct`);
  }
  const apiVersion = textOf(body["apiVersion"]);
  const kind = textOf(body["kind"]);
  if (kind === "Status" && apiVersion === "v1") {
    if (body["status"] !== "Success") throw errorFromStatus(body as unknown as Status);
    throw newGenericServerResponse({ code: 200, method: "POST" });
  }
  const other = version === "v1" ? "v1beta1" : "v1";
  if (apiVersion === `${group}/${other}` && kind === "AdmissionReview") {
    throw new Error(`converting (${other}.AdmissionReview) to (${version}.AdmissionReview): unknown conversion`);
  }
  const isKnown = (apiVersion === "" || apiVersion === `${group}/${version}`) && (kind === "" || kind === "AdmissionReview");
  if (!isKnown) throw new Error(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  return body;
}

/**
 * The answer in a decoded review. v1 is strict: uid, apiVersion and kind have to be right, patch and patchType come together and only from
 * mutating webhooks. @throws {Error} in upstream's words.
 */
export function readAnswer(version: ReviewVersion, uid: string, review: Record<string, unknown>, isMutating: boolean): ReviewAnswer {
  const { response } = review;
  if (!isPlainObject(response)) throw new Error("webhook response was absent");
  if (version === "v1") checkIdentity(review, response, uid);
  const patch = response["patch"];
  const hasPatch = typeof patch === "string" && patch !== "";
  const patchType = response["patchType"];
  const hasType = patchType !== undefined && patchType !== null;
  if (version === "v1") checkPatch({ hasPatch, hasType, patchType }, isMutating);
  const isPatched = isMutating && hasPatch;
  return {
    isAllowed: response["allowed"] === true,
    result: response["status"],
    patch: isPatched ? Buffer.from(patch, "base64") : undefined,
    patchType: !isPatched ? "" : version === "v1" ? textOf(patchType) : "JSONPatch",
    warnings: Array.isArray(response["warnings"]) ? response["warnings"].filter((text) => typeof text === "string") : [],
    auditAnnotations: textsOf(response["auditAnnotations"]),
  };
}

function checkIdentity(review: Record<string, unknown>, response: Record<string, unknown>, uid: string): void {
  const answered = textOf(response["uid"]);
  if (answered !== uid) throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`);
  const apiVersion = textOf(review["apiVersion"]);
  const kind = textOf(review["kind"]);
  if (apiVersion !== `${group}/v1` || kind !== "AdmissionReview") {
    const found = `${apiVersion === "" ? "/" : apiVersion}, Kind=${kind}`;
    throw new Error(`expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${found}`);
  }
}

function checkPatch(given: { hasPatch: boolean; hasType: boolean; patchType: unknown }, isMutating: boolean): void {
  const { hasPatch, hasType, patchType } = given;
  if (!isMutating && hasPatch) throw new Error("validating webhook may not return response.patch");
  if (!isMutating && hasType) throw new Error("validating webhook may not return response.patchType");
  if (hasPatch && !hasType) throw new Error("webhook returned response.patch but not response.patchType");
  if (!hasPatch && hasType) throw new Error("webhook returned response.patchType but not response.patch");
  if (hasType && patchType === "") throw new Error(`webhook returned invalid response.patchType of ""`);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function textsOf(value: unknown): Record<string, string> {
  if (!isPlainObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
