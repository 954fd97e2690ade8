import type { Check, CheckedPod, CheckPod, Finding } from "./check.ts";
import { hostChecks } from "./checks/host.ts";
import { privilegeChecks } from "./checks/privileges.ts";
import { profileChecks } from "./checks/profiles.ts";
import { userChecks } from "./checks/users.ts";
import { volumeChecks } from "./checks/volumes.ts";
import type { LevelVersion } from "./policy.ts";

const byId = ({ id: left }: Check, { id: right }: Check): number => (left < right ? -1 : 1);
const all = [...hostChecks, ...privilegeChecks, ...profileChecks, ...userChecks, ...volumeChecks].sort(byId);
const baseline = all.filter(({ level }) => level === "baseline");
const restricted = all.filter(({ level }) => level === "restricted");

/** By level and version; filled as they are asked for, which namespaces' labels bound. */
const chosen = new Map<string, readonly CheckPod[]>();
/** Later versions are the same as this one. */
const lastChange = Math.max(...all.flatMap(({ revisions }) => revisions.map(({ since }) => since)));

/** What is wrong with a pod by the standard of that level and version, in upstream's order. */
export function evaluatePod({ level, version }: LevelVersion, pod: CheckedPod): Finding[] {
  if (level === "privileged") return [];
  const minor = version === "latest" ? lastChange : Math.min(version, lastChange);
  const key = `${level} ${minor}`;
  let checks = chosen.get(key);
  if (checks === undefined) chosen.set(key, (checks = choose(level, minor)));
  return checks.flatMap((check) => check(pod) ?? []);
}

function choose(level: "baseline" | "restricted", minor: number): CheckPod[] {
  const inForce = (checks: readonly Check[]): { id: string; check: CheckPod; overrides?: string }[] =>
    checks.flatMap(({ id, revisions }) => {
      const revision = revisions.findLast(({ since }) => since <= minor);
      return revision === undefined ? [] : [{ id, ...revision }];
    });
  const strict = level === "restricted" ? inForce(restricted) : [];
  const overridden = new Set(strict.map(({ overrides }) => overrides));
  return [...inForce(baseline).filter(({ id }) => !overridden.has(id)), ...strict].map(({ check }) => check);
}

/** `hostPort (container "a" uses hostPort 80), privileged (…)`. */
export function formatDetails(findings: readonly Finding[]): string {
  return findings.map(({ reason, detail }) => `${reason} (${detail})`).join(", ");
}
