import {
  CertificatesDamagedError,
  ListenError,
  PluginSelectionError,
  RuntimeConfigError,
  RuntimeUnavailableError,
  StoreDamagedError,
  StoreLockedError,
} from "@coracle/cluster";
import { permissionError } from "./permission-error.ts";
import { UserError } from "./user-error.ts";

/** Turns a failed start into one line with a remedy; what it does not know it passes through. */
export function explain(error: unknown, context: { name: string; port: number; directory: string }): unknown {
  const { name, port, directory } = context;
  if (error instanceof UserError) return error;
  if (error instanceof ListenError) {
    if (error.code === "EACCES")
      return new UserError(`no permission to listen on port ${port}`, "choose one above 1023 with --port", { cause: error });
    return new UserError(`port ${port} is taken by another program`, "choose another with --port N, or --port 0 for any free one", {
      cause: error,
    });
  }
  if (error instanceof StoreLockedError) {
    const holder = error.holderPid === undefined ? "another process" : `process ${error.holderPid}`;
    return new UserError(`data directory ${directory} is in use by ${holder}`, "stop that one first, or choose another with --data-dir", {
      cause: error,
    });
  }
  if (error instanceof StoreDamagedError || error instanceof CertificatesDamagedError) {
    return new UserError(
      `the data in ${directory} is damaged (${error.message.replaceAll(`${directory}/`, "")})`,
      `restore a copy of the directory, or start afresh with: coracle reset --name ${name}`,
      { cause: error },
    );
  }
  if (error instanceof PluginSelectionError)
    return new UserError(error.message, "give kube-apiserver's names of admission plug-ins, separated by commas", { cause: error });
  if (error instanceof RuntimeConfigError)
    return new UserError(`--runtime-config: ${error.message}`, "say for example: --runtime-config=api/legacy=false", { cause: error });
  if (error instanceof RuntimeUnavailableError) return new UserError(error.message, error.remedy, { cause: error });
  return permissionError(error, directory);
}
