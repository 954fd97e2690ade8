import type { Clock } from "@coracle/base";
import { quoteText } from "@coracle/apimachinery";
import type { Pod } from "@coracle/api";
import { evaluatePod } from "./evaluate.ts";
import { formatLevel, type LevelVersion } from "./policy.ts";

const podsLimit = 3000;
const timeLimitMs = 1000;

/** What a namespace's pods would be refused for by a new level, in upstream's words; checking ends at 3000 pods or after a second. */
export function warnAboutExisting(namespace: string, enforce: LevelVersion, pods: readonly Readonly<Pod>[], clock: Clock): string[] {
  const ordered = firstOfEachController(pods);
  const deadline = clock.monotonic() + timeLimitMs;
  const namesByReason = new Map<string, string[]>();
  let checked = 0;
  for (const pod of ordered.slice(0, podsLimit)) {
    checked++;
    note(namesByReason, pod, enforce);
    if (clock.monotonic() > deadline) break;
  }
  const warnings: string[] = [];
  if (checked < ordered.length)
    warnings.push(`new PodSecurity enforce level only checked against the first ${checked} of ${ordered.length} existing pods`);
  if (namesByReason.size === 0) return warnings;
  const level = quoteText(formatLevel(enforce));
  warnings.push(`existing pods in namespace ${quoteText(namespace)} violate the new PodSecurity enforce level ${level}`);
  return [...warnings, ...[...namesByReason].map(([reason, names]) => `${describe(names)}: ${reason}`).sort()];
}

function note(namesByReason: Map<string, string[]>, pod: Readonly<Pod>, enforce: LevelVersion): void {
  if (pod.spec === undefined) return;
  const findings = evaluatePod(enforce, { metadata: pod.metadata, spec: pod.spec });
  if (findings.length === 0) return;
  const reason = findings.map((finding) => finding.reason).join(", ");
  namesByReason.set(reason, [...(namesByReason.get(reason) ?? []), pod.metadata.name ?? ""]);
}

/** `a`, `a (and 1 other pod)`, `a (and 2 other pods)`. */
function describe(names: readonly string[]): string {
  const [first = ""] = [...names].sort();
  const others = names.length - 1;
  return others === 0 ? first : `${first} (and ${others} other ${others === 1 ? "pod" : "pods"})`;
}

/** Pods of one controller are alike: the first of each comes before the rest. */
function firstOfEachController(pods: readonly Readonly<Pod>[]): Readonly<Pod>[] {
  const seen = new Set<string>();
  const [first, rest]: [Readonly<Pod>[], Readonly<Pod>[]] = [[], []];
  for (const pod of pods) {
    const uid = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (uid !== undefined && seen.has(uid)) {
      rest.push(pod);
      continue;
    }
    if (uid !== undefined) seen.add(uid);
    first.push(pod);
  }
  return [...first, ...rest];
}
