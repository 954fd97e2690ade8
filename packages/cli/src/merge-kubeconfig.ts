import {
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { KubeconfigError, mergeKubeconfigText } from "@coracle/client";
import { permissionError } from "./permission-error.ts";
import { UserError } from "./user-error.ts";

/**
 * Adds the entries of a kubeconfig to a file of the user's, which is made when it is missing. Whoever reads it sees the old text or the new one.
 * @throws {UserError} when the file is anything but a kubeconfig; then it stays as it is.
 */
export async function mergeInto(target: string, added: string): Promise<void> {
  const file = resolveLinks(target);
  using _lock = lockAsKubectl(file);
  const existing = readExisting(file);
  const merged = await mergeKubeconfigText(existing ?? "", added, target).catch((error: unknown) => {
    if (!(error instanceof KubeconfigError)) throw error;
    throw new UserError(error.message, remedy, { cause: error });
  });
  try {
    replace(file, merged, existing === undefined);
  } catch (error) {
    throw permissionError(error, target);
  }
}

const remedy = "mend it, or name another file with KUBECONFIG";

/** Who keeps the file elsewhere and links to it keeps the link. */
function resolveLinks(target: string): string {
  try {
    return realpathSync(target);
  } catch {
    return target;
  }
}

/** `<file>.lock` keeps kubectl from changing the file at the same time. */
function lockAsKubectl(file: string): Disposable {
  const lock = `${file}.lock`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    closeSync(openSync(lock, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && (error as NodeJS.ErrnoException).syscall === "open")
      throw new UserError(`${file} is being changed by another program`, `try again, or delete ${lock} if no kubectl is running`, {
        cause: error,
      });
    throw permissionError(error, file);
  }
  return { [Symbol.dispose]: () => rmSync(lock, { force: true }) };
}

function readExisting(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "EISDIR") throw new UserError(`${file} is a directory`, "name a file with KUBECONFIG", { cause: error });
    throw permissionError(error, file);
  }
}

function replace(file: string, text: string, isNew: boolean): void {
  const next = `${file}.coracle-new`;
  rmSync(next, { force: true });
  const descriptor = openSync(next, "wx", isNew ? 0o600 : statSync(file).mode & 0o777);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (!isNew) keepOwner(file, next);
  renameSync(next, file);
}

function keepOwner(file: string, next: string): void {
  const { uid, gid } = statSync(file);
  if (uid === process.getuid?.() && gid === process.getgid?.()) return;
  try {
    chownSync(next, uid, gid);
  } catch {
    // Only root may give files away.
  }
}
