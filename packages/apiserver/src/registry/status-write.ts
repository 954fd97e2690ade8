import { cloneJson, type KubeObject, type UnstructuredObject } from "@coracle/apimachinery";
import { commitObject } from "./commit.ts";
import { systemContext } from "./system-context.ts";
import type { RegistryCore, Target } from "./target.ts";

/** Replaces the status of `read`, as the cache gave it, on the server's own account; false when somebody else was faster. */
export async function writeStatus(core: RegistryCore, target: Target, read: Readonly<KubeObject>, status: unknown): Promise<boolean> {
  const next = cloneJson(read) as UnstructuredObject;
  next["status"] = status;
  const slot = { name: target.address.name, revision: Number(read.metadata.resourceVersion), context: systemContext };
  return (await commitObject(core, target, next, slot)) !== undefined;
}
