import { dnsSubdomainErrors, quoteText } from "@coracle/apimachinery";
import type { Volume } from "../../generated/types.ts";
import type { PodContext } from "./context.ts";
import { sourceNames, validateSource, type SourceName } from "./volume-sources.ts";

/** Judges the volumes, and puts those that are in order into `pod.volumes`. */
export function validateVolumes(volumes: readonly Volume[], at: string, pod: PodContext): void {
  const created = createdClaims(volumes, pod.podName);
  for (const [index, volume] of volumes.entries()) {
    const here = `${at}[${index}]`;
    const { out } = pod;
    const before = out.errors.length;
    validateSources(volume, here, pod);
    if (out.present(volume.name, `${here}.name`)) out.label(volume.name, `${here}.name`);
    if (pod.volumes.has(volume.name)) out.duplicate(`${here}.name`, volume.name);
    if (out.errors.length === before) pod.volumes.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.has(claim))
      out.invalid(`${here}.persistentVolumeClaim.claimName`, claim, "must not reference a PVC that gets created for an ephemeral volume");
  }
}

/** The claims that are made for the pod's ephemeral volumes. */
function createdClaims(volumes: readonly Volume[], podName: string): ReadonlySet<string> {
  const names = podName === "" ? [] : volumes.filter(({ ephemeral }) => ephemeral !== undefined).map(({ name }) => `${podName}-${name}`);
  return new Set(names);
}

/** Where upstream says that there is one source too many, if that is not the field's own name. */
const surplusNames: Partial<Record<SourceName, string>> = { cephfs: "cephFS", downwardAPI: "downwarAPI" };

function validateSources(volume: Readonly<Volume>, at: string, pod: PodContext): void {
  const [first, ...surplus] = sourcesOf(volume);
  if (first === undefined) return pod.out.required(at, "must specify a volume type");
  validateSource(first, volume, at, pod);
  for (const name of surplus) pod.out.forbidden(`${at}.${surplusNames[name] ?? name}`, "may not specify more than 1 volume type");
  if (volume.ephemeral !== undefined && first === "ephemeral") validateClaimName(volume.name, at, pod);
}

/** The sources that are set, in upstream's order. */
function sourcesOf(volume: Readonly<Volume>): readonly SourceName[] {
  const names = (Object.keys(volume) as (keyof Volume)[]).filter((key): key is SourceName => key !== "name" && volume[key] !== undefined);
  return names.length < 2 ? names : sourceNames.filter((name) => names.includes(name));
}

function validateClaimName(volumeName: string, at: string, { podName, out }: PodContext): void {
  if (podName === "" || !volumeName) return;
  const name = `${podName}-${volumeName}`;
  for (const message of dnsSubdomainErrors(name)) out.invalid(`${at}.name`, volumeName, `PVC name ${quoteText(name)}: ${message}`);
}
