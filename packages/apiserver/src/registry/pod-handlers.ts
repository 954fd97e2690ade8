import { cloneJson, formatTime, newBadRequest, newPathNotFound, type UnstructuredObject } from "@coracle/apimachinery";
import { systemContext } from "./system-context.ts";
import type { ActionHandlers } from "./actions.ts";
import type { ResourceAddress } from "./contract.ts";
import { commitObject } from "./commit.ts";
import { bindPod, evictPod, type EvictionEnvironment } from "./pod-actions.ts";
import type { RegistryCore, Target } from "./target.ts";

type TargetOf = (address: ResourceAddress) => Target;

const budgetAddress = { group: "policy", version: "v1", resource: "poddisruptionbudgets", subresource: "" } as const;

/** The actions on pods that change stored objects. */
export function podActionHandlers(core: RegistryCore, targetOf: TargetOf): ActionHandlers {
  return {
    "pods/binding": (context, address, object) => bindPod(core, targetOf({ ...address, subresource: "binding" }), context, object),
    bindings: (context, address, object) => {
      const { name = "" } = object.metadata;
      if (name === "") throw newBadRequest("metadata.name: Required value");
      return bindPod(core, targetOf({ ...address, resource: "pods", name, subresource: "binding" }), context, object);
    },
    "pods/eviction": (context, address, eviction) => {
      const environment = evictionEnvironment(core, targetOf);
      return evictPod(core, targetOf({ ...address, subresource: "" }), context, { eviction, environment });
    },
  };
}

function evictionEnvironment(core: RegistryCore, targetOf: TargetOf): EvictionEnvironment {
  const targetIn = (namespace: string, name: string): Target | undefined => {
    try {
      return targetOf({ ...budgetAddress, namespace, name });
    } catch (error) {
      if ((error as Error).message === newPathNotFound().message) return undefined;
      throw error;
    }
  };
  return {
    budgets(namespace) {
      const found: Readonly<UnstructuredObject>[] = [];
      targetIn(namespace, "")?.cache.scan(namespace, (budget) => void found.push(budget.object));
      return found;
    },
    async spend(budget, podName) {
      const { namespace = "", name = "" } = budget.metadata;
      const target = targetIn(namespace, name);
      if (target === undefined) return true;
      const next = cloneJson(budget) as UnstructuredObject;
      const status = (next["status"] ?? {}) as Record<string, unknown>;
      const disruptedPods = { ...(status["disruptedPods"] as object | undefined), [podName]: formatTime(core.clock.now()) };
      next["status"] = { ...status, disruptionsAllowed: Number(status["disruptionsAllowed"] ?? 0) - 1, disruptedPods };
      const revision = Number(budget.metadata.resourceVersion);
      return (await commitObject(core, target, next, { name, revision, context: systemContext })) !== undefined;
    },
  };
}
