import { cloneJson, isPlainObject, type UnstructuredObject } from "@coracle/apimachinery";

/** What a conversion webhook is asked (apiextensions.k8s.io, ConversionReview). */
export interface ConversionRequest {
  readonly uid: string;
  readonly desiredAPIVersion: string;
  readonly objects: readonly Readonly<UnstructuredObject>[];
}

const supportedVersions = ["v1", "v1beta1"] as const;
export type ReviewVersion = (typeof supportedVersions)[number];

/** The first version of ConversionReview that both sides know. */
export function reviewVersionOf(versions: readonly string[]): ReviewVersion | undefined {
  return versions.find((version): version is ReviewVersion => (supportedVersions as readonly string[]).includes(version));
}

export function conversionReview(version: ReviewVersion, request: ConversionRequest): Record<string, unknown> {
  return { kind: "ConversionReview", apiVersion: `apiextensions.k8s.io/${version}`, request };
}

/** The objects of an answer, unchecked. @throws {Error} in upstream's words when there are none. */
export function readReview(version: ReviewVersion, uid: string, review: unknown): unknown[] {
  const fields = isPlainObject(review) ? review : {};
  if (version === "v1") {
    const expected = "apiextensions.k8s.io/v1, Kind=ConversionReview";
    const found = `${String(fields["apiVersion"] ?? "")}, Kind=${String(fields["kind"] ?? "")}`;
    if (found !== expected) throw new Error(`expected webhook response of ${expected}, got ${found}`);
  }
  const { response } = fields;
  if (!isPlainObject(response)) throw new Error("no response provided");
  const answeredUid = typeof response["uid"] === "string" ? response["uid"] : "";
  if (version === "v1" && answeredUid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answeredUid)}`);
  }
  const result = isPlainObject(response["result"]) ? response["result"] : {};
  const { status = "", message = "" } = result as { status?: string; message?: string };
  if (status !== "Success") throw new Error(message || `response.result.status was '${status}', not 'Success'`);
  const { convertedObjects } = response;
  return Array.isArray(convertedObjects) ? convertedObjects : [];
}

/**
 * Takes one converted object: it has to be the same object in the version asked for, and of its metadata only labels and annotations may be
 * other ones. @throws {Error} in upstream's words.
 */
export function acceptConverted(original: Readonly<UnstructuredObject>, converted: unknown, apiVersion: string): UnstructuredObject {
  if (!isPlainObject(converted)) throw new Error("no object");
  const object = converted as UnstructuredObject;
  if (object.apiVersion !== apiVersion) {
    throw new Error(`invalid groupVersion (expected ${apiVersion}, received ${String(object.apiVersion ?? "")})`);
  }
  if (object.kind !== original.kind) throw new Error(`invalid kind (expected ${original.kind}, received ${String(object.kind ?? "")})`);
  if (!isPlainObject(object.metadata)) throw new Error("missing metadata in converted object");
  for (const field of ["name", "namespace", "uid"] as const) {
    const expected = original.metadata[field] ?? "";
    const found = object.metadata[field] ?? "";
    const shown = field === "uid" ? "UID" : field;
    if (expected !== found) throw new Error(`must have the same ${shown}: ${expected} != ${String(found)}`);
  }
  return { ...object, metadata: restoredMetadata(original, object) };
}

function restoredMetadata(original: Readonly<UnstructuredObject>, converted: UnstructuredObject): UnstructuredObject["metadata"] {
  const metadata = cloneJson(original.metadata) as UnstructuredObject["metadata"];
  for (const field of ["labels", "annotations"] as const) {
    const texts: unknown = converted.metadata[field];
    if (texts === undefined || texts === null) {
      delete metadata[field];
      continue;
    }
    if (!isPlainObject(texts)) throw new Error(`invalid metadata.${field} of type ${typeof texts} in converted object`);
    const wrong = Object.entries(texts).find(([, value]) => typeof value !== "string");
    if (wrong !== undefined)
      throw new Error(`metadata.${field}[${wrong[0]}] must be a string, but is ${typeof wrong[1]} in converted object`);
    metadata[field] = texts as Record<string, string>;
  }
  return metadata;
}
