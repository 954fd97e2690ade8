import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { Container, VolumeDevice, VolumeMount } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import type { PodContext } from "./context.ts";
import { validateDescendingPath } from "./file-paths.ts";

const propagations = enumOf("core/v1.MountPropagationMode");
const recursions = enumOf("core/v1.RecursiveReadOnlyMode");
const recursiveValues = supportedValues("Enabled", "IfPossible");

/** Where volumes are mounted in a container; paths below `at` are without an index where upstream leaves it out. */
export function validateMounts(container: Readonly<Container>, at: string, pod: PodContext): void {
  const { out, volumes } = pod;
  const { volumeDevices = [] } = container;
  const paths = new Set<string>();
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const here = `${at}[${index}]`;
    out.present(mount.name, `${here}.name`);
    if (!volumes.has(mount.name)) out.notFound(`${here}.name`, mount.name ?? "");
    out.present(mount.mountPath, `${here}.mountPath`);
    if (paths.has(mount.mountPath)) out.invalid(`${here}.mountPath`, mount.mountPath, "must be unique");
    paths.add(mount.mountPath);
    if (volumeDevices.length > 0) validateBesideDevices(mount, here, volumeDevices, out);
    if (mount.subPath) validateDescendingPath(mount.subPath, `${at}.subPath`, out);
    if (mount.subPathExpr) {
      if (mount.subPath) out.invalid(`${here}.subPathExpr`, mount.subPathExpr, "subPathExpr and subPath are mutually exclusive");
      validateDescendingPath(mount.subPathExpr, `${at}.subPathExpr`, out);
    }
    if (mount.mountPropagation !== undefined) validatePropagation(mount.mountPropagation, container, `${at}.mountPropagation`, out);
    if (mount.recursiveReadOnly !== undefined) validateRecursion(mount, `${at}.recursiveReadOnly`, out);
  }
}

function validateBesideDevices(mount: Readonly<VolumeMount>, at: string, devices: readonly VolumeDevice[], out: Findings): void {
  if (devices.some(({ name }) => name === mount.name)) out.invalid(`${at}.name`, mount.name, "must not already exist in volumeDevices");
  if (devices.some(({ devicePath }) => devicePath === mount.mountPath))
    out.invalid(`${at}.mountPath`, mount.mountPath, "must not already exist as a path in volumeDevices");
}

function validatePropagation(propagation: string, { securityContext }: Readonly<Container>, at: string, out: Findings): void {
  out.oneOf(propagation, propagations, at);
  if (propagation === "Bidirectional" && securityContext?.privileged !== true)
    out.forbidden(at, "Bidirectional mount propagation is available only to privileged containers");
}

function validateRecursion(mount: Readonly<VolumeMount>, at: string, out: Findings): void {
  const { recursiveReadOnly = "", mountPropagation = "None" } = mount;
  out.oneOf(recursiveReadOnly, recursions, at);
  if (!recursiveValues.has(recursiveReadOnly)) return;
  if (mount.readOnly !== true) out.forbidden(at, "may only be specified when readOnly is true");
  if (mountPropagation !== "None") out.forbidden(at, "may only be specified when mountPropagation is None or not specified");
}

/** Claims that a container has as block devices. */
export function validateDevices(container: Readonly<Container>, at: string, { out, volumes }: PodContext): void {
  const { volumeMounts = [] } = container;
  const paths = new Set<string>();
  const names = new Set<string>();
  for (const [index, { name, devicePath }] of (container.volumeDevices ?? []).entries()) {
    const here = `${at}[${index}]`;
    out.present(name, `${here}.name`);
    if (names.has(name)) out.invalid(`${here}.name`, name, "must be unique");
    const volume = volumes.get(name);
    if (volume === undefined) out.notFound(`${here}.name`, name);
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined)
      out.invalid(`${here}.name`, name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    out.present(devicePath, `${here}.devicePath`);
    if (paths.has(devicePath)) out.invalid(`${here}.devicePath`, devicePath, "must be unique");
    if ((devicePath ?? "").split("/").includes("..")) out.invalid(`${here}.devicePath`, devicePath, "can not contain backsteps ('..')");
    else paths.add(devicePath);
    if (volumeMounts.some((mount) => mount.name === name)) out.invalid(`${here}.name`, name, "must not already exist in volumeMounts");
    if (volumeMounts.some(({ mountPath }) => mountPath === devicePath))
      out.invalid(`${here}.devicePath`, devicePath, "must not already exist as a path in volumeMounts");
    if (name) names.add(name);
  }
}
