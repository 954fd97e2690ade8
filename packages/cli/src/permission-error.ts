import { UserError } from "./user-error.ts";

/** Turns EACCES and its kin into a {@link UserError}; passes other errors through. */
export function permissionError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new UserError(`no permission to use ${path}`, "choose another place with --data-dir (or CORACLE_HOME), or change its owner", {
      cause: error,
    });
  }
  if (code === "ENOSPC")
    return new UserError(`no space left on the disk of ${path}`, "free some, or choose another place with --data-dir", { cause: error });
  if (code === "ENOTDIR" || code === "EEXIST")
    return new UserError(`${path} is not a directory`, "choose another place with --data-dir", { cause: error });
  return error;
}
