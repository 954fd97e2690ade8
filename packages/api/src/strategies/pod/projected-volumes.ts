import { supportedValues, type Findings } from "@coracle/apimachinery";
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "../../generated/types.ts";
import { goForm } from "../shared/go-form.ts";
import { isKubernetesSigner, signerOfTrustBundle, trustBundleNameErrors, validateSignerName } from "../shared/signer-names.ts";
import { validateUserAnnotations } from "../shared/user-annotations.ts";
import type { PodContext } from "./context.ts";
import { validateFieldRef, validateResourceFieldRef, volumeFieldPaths } from "./downward-api.ts";
import { validateFileMode, validateLocalPath } from "./file-paths.ts";

const keyTypes = supportedValues("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519");
const day = 24 * 60 * 60;

/** A key of a ConfigMap or Secret as a file. */
export function validateKeyToPath(item: Readonly<KeyToPath>, at: string, out: Findings): void {
  out.present(item.key, `${at}.key`);
  out.present(item.path, `${at}.path`);
  validateLocalPath(item.path ?? "", `${at}.path`, out);
  validateFileMode(item.mode, `${at}.mode`, out);
}

export function validateDownwardApiVolume(source: Readonly<DownwardAPIVolumeSource>, at: string, { out }: PodContext): void {
  validateFileMode(source.defaultMode, `${at}.defaultMode`, out);
  // Upstream does not say which item it is.
  for (const item of source.items ?? []) validateDownwardApiFile(item, at, out);
}

function validateDownwardApiFile(file: Readonly<DownwardAPIVolumeFile>, at: string, out: Findings): void {
  out.present(file.path, `${at}.path`);
  validateLocalPath(file.path ?? "", `${at}.path`, out);
  if (file.fieldRef !== undefined) {
    validateFieldRef(file.fieldRef, volumeFieldPaths, `${at}.fieldRef`, out);
    if (file.resourceFieldRef !== undefined)
      out.invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (file.resourceFieldRef !== undefined) {
    out.present(file.resourceFieldRef.containerName, `${at}.resourceFieldRef.containerName`);
    validateResourceFieldRef(file.resourceFieldRef, `${at}.resourceFieldRef`, out, (file.resourceFieldRef.containerName ?? "") !== "");
  } else out.required(at, "one of fieldRef and resourceFieldRef is required");
  validateFileMode(file.mode, `${at}.mode`, out);
}

/** Where a source stands, and what the sources before it have put into the volume. */
interface Projection {
  readonly out: Findings;
  readonly pod: PodContext;
  /** Of the volume's `projected`. */
  readonly volumeAt: string;
  readonly paths: Set<string>;
}

export function validateProjected(source: Readonly<ProjectedVolumeSource>, at: string, pod: PodContext): void {
  const { out } = pod;
  validateFileMode(source.defaultMode, `${at}.defaultMode`, out);
  const projection: Projection = { out, pod, volumeAt: at, paths: new Set() };
  for (const [index, part] of (source.sources ?? []).entries()) validatePart(part, `${at}.sources[${index}]`, projection);
}

function validatePart(part: Readonly<VolumeProjection>, at: string, projection: Projection): void {
  const { out } = projection;
  let count = 0;
  for (const name of ["secret", "configMap"] as const) {
    const source = part[name];
    if (source === undefined) continue;
    count++;
    validateKeys(source, `${at}.${name}`, projection);
  }
  if (part.downwardAPI !== undefined) {
    count++;
    for (const item of part.downwardAPI.items ?? []) {
      validateDownwardApiFile(item, `${at}.downwardAPI`, out);
      if (item.path) claimPath(item.path, item.path, projection);
    }
  }
  if (part.serviceAccountToken !== undefined) {
    count++;
    validateToken(part.serviceAccountToken, `${at}.serviceAccountToken`, projection);
  }
  if (part.clusterTrustBundle !== undefined) {
    count++;
    validateTrustBundle(part.clusterTrustBundle, `${at}.clusterTrustBundle`, projection);
  }
  if (part.podCertificate !== undefined) {
    count++;
    validateCertificate(part.podCertificate, `${at}.podCertificate`, projection);
  }
  if (count > 1) out.forbidden(at, "may not specify more than 1 volume type per source");
}

function validateKeys(
  source: { readonly name?: string | undefined; readonly items?: readonly KeyToPath[] | undefined },
  at: string,
  projection: Projection,
): void {
  const { out } = projection;
  out.present(source.name, `${at}.name`);
  for (const [index, item] of (source.items ?? []).entries()) {
    validateKeyToPath(item, `${at}.items[${index}]`, out);
    if (item.path) claimPath(item.path, source.name ?? "", projection);
  }
}

/** Each path in the volume comes from one source. */
function claimPath(path: string, shown: string, { paths, volumeAt, out }: Projection): void {
  if (paths.has(path)) out.invalid(volumeAt, shown, "conflicting duplicate paths");
  else paths.add(path);
}

function validateToken(source: Readonly<ServiceAccountTokenProjection>, at: string, { out, pod, volumeAt }: Projection): void {
  const { expirationSeconds = 0, path = "" } = source;
  if (expirationSeconds < 600) out.invalid(`${at}.expirationSeconds`, expirationSeconds, "may not specify a duration less than 10 minutes");
  if (expirationSeconds > 2 ** 32)
    out.invalid(`${at}.expirationSeconds`, expirationSeconds, "may not specify a duration larger than 2^32 seconds");
  if (path === "") out.required(`${volumeAt}.path`);
  else if (path.startsWith("/") || path.includes("..")) {
    if (!pod.allow.foreignTokenPaths()) validateLocalPath(path, `${volumeAt}.path`, out);
  }
}

function validateTrustBundle(source: Readonly<ClusterTrustBundleProjection>, at: string, projection: Projection): void {
  const { out } = projection;
  const { name, signerName, labelSelector, path = "" } = source;
  if (name !== undefined && signerName !== undefined)
    out.invalid(at, goForm("core/v1.ClusterTrustBundleProjection", source), "only one of name and signerName may be used");
  else if (name !== undefined) {
    out.present(name, `${at}.name`, "must be a valid object name");
    for (const message of trustBundleNameErrors(name, signerOfTrustBundle(name)))
      out.invalid(`${at}.name`, name, `not a valid clustertrustbundlename: ${message}`);
    if (labelSelector !== undefined)
      out.invalid(
        `${at}.labelSelector`,
        goForm("meta/v1.LabelSelector", labelSelector),
        "labelSelector must be unset if name is specified",
      );
  } else if (signerName !== undefined) {
    out.present(signerName, `${at}.signerName`, "must be a valid signer name");
    validateSignerName(signerName, `${at}.signerName`, out);
    out.labelSelector(labelSelector, `${at}.labelSelector`);
  } else out.required(at, "either name or signerName must be specified");
  out.present(path, `${at}.path`);
  validateLocalPath(path, `${at}.path`, out);
  claimPath(path, path, projection);
}

function validateCertificate(source: Readonly<PodCertificateProjection>, at: string, projection: Projection): void {
  const { out } = projection;
  const { signerName = "", maxExpirationSeconds } = source;
  validateSignerName(signerName, `${at}.signerName`, out);
  validateUserAnnotations(source.userAnnotations, `${at}.userAnnotations`, out);
  out.oneOf(source.keyType, keyTypes, `${at}.keyType`);
  if (maxExpirationSeconds !== undefined) {
    const most = isKubernetesSigner(signerName) ? day : 91 * day;
    const field = `${at}.maxExpirationSeconds`;
    if (maxExpirationSeconds < 3600) out.invalid(field, maxExpirationSeconds, "if provided, maxExpirationSeconds must be >= 3600");
    if (maxExpirationSeconds > most) out.invalid(field, maxExpirationSeconds, `if provided, maxExpirationSeconds must be <= ${most}`);
  }
  const names = ["credentialBundlePath", "keyPath", "certificateChainPath"] as const;
  for (const name of names) {
    const path = source[name];
    if (!path) continue;
    validateLocalPath(path, `${at}.${name}`, out);
    claimPath(path, path, projection);
  }
  if (names.every((name) => !source[name]))
    out.required(at, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath");
}
