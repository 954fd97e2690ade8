import type { Findings } from "@coracle/apimachinery";

/** A path without `..` as one of its parts. */
export function validateNoBacksteps(path: string, at: string, out: Findings): void {
  if (path.includes("..") && path.split("/").includes("..")) out.invalid(at, path, "must not contain '..'");
}

/** A relative path that does not leave its folder. */
export function validateDescendingPath(path: string, at: string, out: Findings): void {
  if (path.startsWith("/")) out.invalid(at, path, "must be a relative path");
  validateNoBacksteps(path, at, out);
}

/** A relative path inside a volume; names that begin with `..` are the kubelet's own. */
export function validateLocalPath(path: string, at: string, out: Findings): void {
  validateDescendingPath(path, at, out);
  if (path.startsWith("..") && !path.startsWith("../")) out.invalid(at, path, "must not start with '..'");
}

/** Permissions of a file. */
export function validateFileMode(mode: number | undefined, at: string, out: Findings): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0))
    out.invalid(at, mode, "must be a number between 0 and 0777 (octal), both inclusive");
}
