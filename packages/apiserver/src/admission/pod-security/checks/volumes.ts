import type { Volume } from "@coracle/api";
import { named, plural, quoted, sorted, type Check, type CheckedPod, type Finding } from "../check.ts";

function hostPaths({ spec }: CheckedPod): Finding | undefined {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  return bad.length === 0 ? undefined : { reason: "hostPath volumes", detail: named("volume", bad) };
}

const harmlessSources = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
] as const;

function restrictedVolumes({ spec }: CheckedPod): Finding | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !harmlessSources.some((source) => volume[source]));
  if (bad.length === 0) return undefined;
  const [names, types] = [bad.map(({ name }) => name), sorted(bad.map(sourceOf))];
  const uses = names.length === 1 ? "uses" : "use";
  const detail = `${named("volume", names)} ${uses} ${plural("restricted volume type", types)} ${quoted(types)}`;
  return { reason: "restricted volume types", detail };
}

function sourceOf(volume: Volume): string {
  return Object.entries(volume).find(([field, source]) => field !== "name" && source)?.[0] ?? "unknown";
}

/** What pods mount. */
export const volumeChecks: readonly Check[] = [
  { id: "hostPathVolumes", level: "baseline", revisions: [{ since: 0, check: hostPaths }] },
  { id: "restrictedVolumes", level: "restricted", revisions: [{ since: 0, check: restrictedVolumes, overrides: "hostPathVolumes" }] },
];
