import { invalidField, keyPath, type FieldError } from "@coracle/apimachinery";

const levels = ["privileged", "baseline", "restricted"] as const;

/** From what allows everything to what allows least. */
export type Level = (typeof levels)[number];

/** A level of the Pod Security Standards as they were in Kubernetes 1.`version`. */
export interface LevelVersion {
  readonly level: Level;
  readonly version: number | "latest";
}

/** What a namespace refuses, what it notes in the audit log, and what it warns of. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

export const modes = ["enforce", "audit", "warn"] as const;
export const labelPrefix = "pod-security.kubernetes.io/";

const privileged: LevelVersion = { level: "privileged", version: "latest" };
/** Where nothing else is said. */
export const defaultPolicy: Policy = { enforce: privileged, audit: privileged, warn: privileged };

/** `restricted:latest`, `baseline:v1.25`. */
export function formatLevel({ level, version }: LevelVersion): string {
  return `${level}:${version === "latest" ? version : `v1.${version}`}`;
}

/** More than 0 when `left` is the stricter one. */
export function compareLevels(left: Level, right: Level): number {
  return levels.indexOf(left) - levels.indexOf(right);
}

export function isSameLevel(left: LevelVersion, right: LevelVersion): boolean {
  return left.level === right.level && left.version === right.version;
}

/** Whether the policy lets everything pass, without a word. */
export function isFullyPrivileged(policy: Policy): boolean {
  return modes.every((mode) => policy[mode].level === "privileged");
}

/** Whether both have the same effect. */
export function isEquivalent(left: Policy, right: Policy): boolean {
  return modes.every((mode) => {
    const [one, other] = [left[mode], right[mode]];
    return isSameLevel(one, other) || (one.level === "privileged" && other.level === "privileged");
  });
}

/**
 * The policy that a namespace's labels choose, on top of `defaults`. What cannot be read is taken as the strictest when it is enforced, and
 * else as nothing; the errors say so. Without a level to warn of, a stricter level that is enforced is warned of too (for workloads).
 */
export function readPolicy(
  labels: Readonly<Record<string, string>> = {},
  defaults: Policy = defaultPolicy,
): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const read = (mode: (typeof modes)[number]): LevelVersion => {
    const version = readVersion(labels[`${labelPrefix}${mode}-version`], defaults[mode].version);
    const level = readLevel(labels[labelPrefix + mode], mode, defaults[mode].level);
    for (const [label, problem] of [
      [labelPrefix + mode, level.problem],
      [`${labelPrefix}${mode}-version`, version.problem],
    ] as const) {
      if (problem !== undefined) errors.push(invalidField(keyPath("metadata.labels", label), labels[label], problem));
    }
    return { level: level.value, version: version.value };
  };
  const [enforce, audit, ownWarn] = [read("enforce"), read("audit"), read("warn")];
  return { policy: { enforce, audit, warn: warnWithEnforced(labels, enforce, ownWarn) }, errors };
}

function warnWithEnforced(labels: Readonly<Record<string, string>>, enforce: LevelVersion, warn: LevelVersion): LevelVersion {
  const isEnforceChosen = isLevel(labels[`${labelPrefix}enforce`]);
  const isWarnChosen = labels[`${labelPrefix}warn`] !== undefined;
  if (isWarnChosen || !isEnforceChosen || compareLevels(enforce.level, warn.level) <= 0) return warn;
  return labels[`${labelPrefix}warn-version`] === undefined ? enforce : { ...warn, level: enforce.level };
}

function isLevel(text: string | undefined): text is Level {
  return levels.some((level) => level === text);
}

function readLevel(text: string | undefined, mode: string, absent: Level): { value: Level; problem?: string } {
  if (text === undefined) return { value: absent };
  if (isLevel(text)) return { value: text };
  return { value: mode === "enforce" ? "restricted" : "privileged", problem: `must be one of ${levels.join(", ")}` };
}

function readVersion(text: string | undefined, absent: LevelVersion["version"]): { value: LevelVersion["version"]; problem?: string } {
  if (text === undefined) return { value: absent };
  const minor = /^v1\.(0|[1-9][0-9]*)$/.exec(text)?.[1];
  if (minor !== undefined && Number.isSafeInteger(Number(minor))) return { value: Number(minor) };
  return text === "latest" ? { value: "latest" } : { value: "latest", problem: `must be "latest" or "v1.x"` };
}
