import { createLifetime } from "@coracle/client";
import type { RequestContext } from "./contract.ts";

/** For writes that the API server makes on its own account. */
export const systemContext: RequestContext = {
  user: { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] },
  signal: createLifetime().signal,
  fieldManager: "kube-apiserver",
  hasExplicitFieldManager: true,
  isDryRun: false,
  fieldValidation: "Ignore",
  warn() {},
};
