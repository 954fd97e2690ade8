import { dnsSubdomainErrors, rangeMessage, type Findings } from "@coracle/apimachinery";
import type { VolumeAttachment, VolumeAttachmentSource, VolumeAttachmentStatus, VolumeError } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { validateCsiDriverName } from "./volume-kinds.ts";
import { validateVolumeSpec } from "./volume-spec.ts";

const metadataLimitBytes = 256 * 1024;
const messageLimit = 1024;
const noSpec = {} as NonNullable<VolumeAttachment["spec"]>;

export const volumeAttachments = strategyOf<VolumeAttachment>({
  hasGeneration: false,
  prepareCreate: (attachment) => void (attachment.status = { attached: false }),
  validate(attachment, out) {
    validateAttachment(attachment, out);
  },
  validateUpdate: ({ spec }, old, out) => out.immutable(spec, old.spec, "spec", goForm("storage/v1.VolumeAttachmentSpec", spec)),
  subresources: { status: (attachment, _old, out) => validateAttachment(attachment, out) },
  more: { allowUnconditionalUpdate: false },
});

function validateAttachment({ spec = noSpec, status = { attached: false } }: Readonly<VolumeAttachment>, out: Findings): void {
  validateCsiDriverName(spec.attacher, "spec.attacher", out);
  validateSource(spec.source ?? {}, "spec.source", out);
  out.messages("spec.nodeName", spec.nodeName ?? "", dnsSubdomainErrors(spec.nodeName ?? ""));
  validateStatus(status, out);
  const name = spec.source?.persistentVolumeName;
  if (name !== undefined) out.messages("spec.source.persistentVolumeName", name, dnsSubdomainErrors(name));
}

function validateSource(
  { inlineVolumeSpec: inline, persistentVolumeName: name }: Readonly<VolumeAttachmentSource>,
  at: string,
  out: Findings,
): void {
  const text = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (inline === undefined && name === undefined) out.required(at, text);
  else if (inline !== undefined && name !== undefined) out.forbidden(at, text);
  else if (name === "") out.required(`${at}.persistentVolumeName`, "must specify non empty persistentVolumeName");
  else if (inline !== undefined) validateVolumeSpec(inline, `${at}.inlineVolumeSpec`, out, { volumeName: "", isInline: true });
}

function validateStatus({ attachmentMetadata = {}, attachError, detachError }: Readonly<VolumeAttachmentStatus>, out: Findings): void {
  const bytes = Object.entries(attachmentMetadata).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (bytes > metadataLimitBytes) out.tooLong("status.attachmentMetadata", metadataLimitBytes);
  if (attachError !== undefined) validateError(attachError, "status.attachError", out);
  if (detachError !== undefined) validateError(detachError, "status.detachError", out);
}

function validateError({ message = "", errorCode }: Readonly<VolumeError>, at: string, out: Findings): void {
  // Upstream names the limit of the metadata.
  if (message.length > messageLimit) out.tooLong(`${at}.message`, metadataLimitBytes);
  if (errorCode !== undefined && errorCode < 0) out.invalid(`${at}.errorCode`, errorCode, rangeMessage(0, 2 ** 31 - 1));
}
