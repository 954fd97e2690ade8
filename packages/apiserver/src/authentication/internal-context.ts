import { createLifetime } from "@coracle/client";
import type { RequestContext } from "../registry/contract.ts";
import { apiServerUser } from "./users.ts";

const never = createLifetime().signal;

/** The context of what the API server asks of its own registry. */
export function createInternalContext(signal: AbortSignal = never): RequestContext {
  return {
    user: apiServerUser,
    signal,
    fieldManager: "kube-apiserver",
    hasExplicitFieldManager: false,
    isDryRun: false,
    fieldValidation: "Ignore",
    warn() {},
  };
}
