import { quoteText } from "../../validation/field-errors.ts";
import { celTypes } from "../types/types.ts";
import { checkedInteger } from "../values/integers.ts";
import { CelOpaque } from "../values/opaque.ts";
import { CelFailure, type Evaluated } from "../values/value.ts";
import { declare, method, overload, type FunctionDeclaration, type Overload } from "./declaration.ts";
import { bool, int, string } from "./signatures.ts";

/** A version of semantic versioning 2.0.0. */
interface Semver {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: readonly string[];
  readonly build: readonly string[];
}

type SemverValue = CelOpaque<Semver>;
const semverType = celTypes.semver;
const largest = 2n ** 64n - 1n;

class SemverError extends Error {
  override readonly name = "SemverError";
}

function parseNumber(name: string, text: string): bigint {
  if (!/^[0-9]*$/.test(text)) throw new SemverError(`Invalid character(s) found in ${name.toLowerCase()} number ${quoteText(text)}`);
  if (text.length > 1 && text.startsWith("0")) throw new SemverError(`${name} number must not contain leading zeroes ${quoteText(text)}`);
  if (text === "") throw new SemverError('strconv.ParseUint: parsing "": invalid syntax');
  const value = text.length > 20 ? largest + 1n : BigInt(text);
  if (value > largest) throw new SemverError(`strconv.ParseUint: parsing ${quoteText(text)}: value out of range`);
  return value;
}

function parsePrerelease(part: string): string {
  if (part === "") throw new SemverError("Prerelease is empty");
  if (/^0[0-9]+$/.test(part)) throw new SemverError(`Numeric PreRelease version must not contain leading zeroes ${quoteText(part)}`);
  if (!/^[0-9A-Za-z-]+$/.test(part)) throw new SemverError(`Invalid character(s) found in prerelease ${quoteText(part)}`);
  return part;
}

function parseBuild(part: string): string {
  if (part === "") throw new SemverError("Build meta data is empty");
  if (!/^[0-9A-Za-z-]+$/.test(part)) throw new SemverError(`Invalid character(s) found in build meta data ${quoteText(part)}`);
  return part;
}

function parse(text: string): Semver {
  if (text === "") throw new SemverError("Version string empty");
  const [major, minor, rest] = splitVersion(text);
  if (major === undefined || minor === undefined || rest === undefined) throw new SemverError("No Major.Minor.Patch elements found");
  const [beforeBuild = "", build] = splitOnce(rest, "+");
  const [patch = "", prerelease] = splitOnce(beforeBuild, "-");
  return {
    major: parseNumber("Major", major),
    minor: parseNumber("Minor", minor),
    patch: parseNumber("Patch", patch),
    prerelease: prerelease === undefined ? [] : prerelease.split(".").map(parsePrerelease),
    build: build === undefined ? [] : build.split(".").map(parseBuild),
  };
}

/** At the first two points. */
function splitVersion(text: string): string[] {
  const parts = text.split(".");
  return parts.length <= 3 ? parts : [...parts.slice(0, 2), parts.slice(2).join(".")];
}

function splitOnce(text: string, separator: string): string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Forgives a leading `v`, missing parts and leading zeros. */
function normalise(text: string): string {
  const parts = splitVersion(text.replace(/^v/, "")).map((part) => {
    if (part.length <= 1) return part;
    const rest = part.replace(/^0+/, "");
    return /^[0-9]/.test(rest) ? rest : `0${rest}`;
  });
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) as string))
    throw new SemverError("short version cannot contain PreRelease/Build meta data");
  while (parts.length < 3) parts.push("0");
  return parts.join(".");
}

function read(text: string, isLenient = false): Evaluated {
  try {
    const version = parse(isLenient ? normalise(text) : text);
    // The build says nothing about the order, nor about equality.
    return new CelOpaque(semverType, version, { key: [version.major, version.minor, version.patch, ...version.prerelease].join(" ") });
  } catch (error) {
    if (error instanceof SemverError) return new CelFailure(error.message);
    throw error;
  }
}

function isSemver(text: string, isLenient = false): boolean {
  return !(read(text, isLenient) instanceof CelFailure);
}

function compare({ value: left }: SemverValue, { value: right }: SemverValue): number {
  for (const part of ["major", "minor", "patch"] as const) if (left[part] !== right[part]) return left[part] < right[part] ? -1 : 1;
  if (left.prerelease.length === 0 || right.prerelease.length === 0)
    return Math.sign(Number(left.prerelease.length === 0) - Number(right.prerelease.length === 0));
  return comparePrereleases(left.prerelease, right.prerelease);
}

function comparePrereleases(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [a, b] = [left[index] as string, right[index] as string];
    if (a === b) continue;
    const [isNumber, isOtherNumber] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)];
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    const isLess = isNumber ? BigInt(a) < BigInt(b) : a < b;
    return isLess ? -1 : 1;
  }
  return Math.sign(left.length - right.length);
}

function part(name: "major" | "minor" | "patch"): Overload {
  return method(`semver_${name}`, [semverType], int, ({ value }: SemverValue) => checkedInteger(BigInt.asIntN(64, value[name])) ?? 0);
}

/** Semantic versions. */
export const semvers: readonly FunctionDeclaration[] = [
  declare(
    "semver",
    overload("string_to_semver", [string], semverType, read),
    overload("string_bool_to_semver", [string, bool], semverType, read),
  ),
  declare(
    "isSemver",
    overload("is_semver_string", [string], bool, isSemver),
    overload("is_semver_string_bool", [string, bool], bool, isSemver),
  ),
  declare(
    "isGreaterThan",
    method("semver_is_greater_than", [semverType, semverType], bool, (left: SemverValue, right: SemverValue) => compare(left, right) > 0),
  ),
  declare(
    "isLessThan",
    method("semver_is_less_than", [semverType, semverType], bool, (left: SemverValue, right: SemverValue) => compare(left, right) < 0),
  ),
  declare("compareTo", method("semver_compare_to", [semverType, semverType], int, compare)),
  declare("major", part("major")),
  declare("minor", part("minor")),
  declare("patch", part("patch")),
];
