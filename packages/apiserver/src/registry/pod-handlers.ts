import { cloneJson, newBadRequest, newPathNotFound, type UnstructuredObject } from "@coracle/apimachinery";
import { systemContext } from "./system-context.ts";
import type { ActionHandlers } from "./actions.ts";
import type { ResourceAddress } from "./contract.ts";
import { commitObject, readFromStore } from "./commit.ts";
import { evictPod, type Budgets } from "./eviction/evict-pod.ts";
import { bindPod } from "./pod-actions.ts";
import { keyOf, type RegistryCore, type Target } from "./target.ts";

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
    "pods/eviction": (context, address, eviction) =>
      evictPod(core, targetOf({ ...address, subresource: "" }), context, {
        eviction,
        budgets: budgetsIn(core, targetOf, address.namespace),
      }),
  };
}

/** The disruption budgets of a namespace, newest state. */
function budgetsIn(core: RegistryCore, targetOf: TargetOf, namespace: string): Budgets {
  const targetIn = (name: string): Target | undefined => {
    try {
      return targetOf({ ...budgetAddress, namespace, name });
    } catch (error) {
      if ((error as Error).message === newPathNotFound().message) return undefined;
      throw error;
    }
  };
  return {
    list() {
      const found: Readonly<UnstructuredObject>[] = [];
      targetIn("")?.cache.scan(namespace, (budget) => void found.push(budget.object));
      return found;
    },
    async write(budget, status) {
      const { name = "", resourceVersion } = budget.metadata;
      const target = targetIn(name);
      if (target === undefined) return true;
      const next = { ...cloneJson(budget), status } as UnstructuredObject;
      return (await commitObject(core, target, next, { name, revision: Number(resourceVersion), context: systemContext })) !== undefined;
    },
    async read(name) {
      const target = targetIn(name);
      return target === undefined ? undefined : (await readFromStore(core, target, keyOf(target)))?.object;
    },
  };
}
