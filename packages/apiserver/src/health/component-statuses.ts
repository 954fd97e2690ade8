import { schemaOf } from "@coracle/api";
import { findCondition, newNotFound, type ColumnDefinition, type ResourceDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { ComputedSource } from "../registry/computed.ts";

/** Whether a part of the control plane is well: throws, or rejects, when it is not. */
export type ComponentCheck = () => void | Promise<void>;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  readonly error?: string;
}

function column(name: string, cell: (condition: Condition | undefined, object: UnstructuredObject) => string): ColumnDefinition {
  return {
    name,
    type: "string",
    priority: 0,
    ...(name === "Name" && { format: "name" }),
    cell: (object) => cell(findCondition((object as { conditions?: readonly Condition[] }).conditions, "Healthy"), object),
  };
}

const statusTexts: Readonly<Record<string, string>> = { True: "Healthy", False: "Unhealthy" };

/** `componentstatuses` of the core group, deprecated since 1.19: worked out when somebody asks. */
export function componentStatusDefinition(): ResourceDefinition {
  return {
    group: "",
    resource: "componentstatuses",
    singular: "componentstatus",
    kind: "ComponentStatus",
    listKind: "ComponentStatusList",
    shortNames: ["cs"],
    categories: [],
    isNamespaced: false,
    verbs: ["get", "list"],
    versions: [
      {
        version: "v1",
        isServed: true,
        isStorage: true,
        schema: schemaOf("core/v1.ComponentStatus"),
        columns: [
          column("Name", (_condition, { metadata }) => metadata.name ?? ""),
          column("Status", (condition) => statusTexts[condition?.status ?? ""] ?? "Unknown"),
          column("Message", (condition) => condition?.message ?? ""),
          column("Error", (condition) => condition?.error ?? ""),
        ],
        subresources: [],
        selectableFields: {},
        deprecationWarning: "v1 ComponentStatus is deprecated in v1.19+",
      },
    ],
    storagePath: "",
    strategy: {},
    isCustom: false,
  };
}

/** ComponentStatuses by the checks of the components. */
export function componentStatusSource(checks: () => Readonly<Record<string, ComponentCheck>>): ComputedSource {
  return {
    async get(_namespace, name) {
      const check = checks()[name];
      // Upstream's word for it here.
      if (check === undefined) throw newNotFound({ group: "", resource: "componentstatus" }, name);
      return statusOf(name, check);
    },
    list: () => Promise.all(Object.entries(checks()).map(([name, check]) => statusOf(name, check))),
  };
}

async function statusOf(name: string, check: ComponentCheck): Promise<UnstructuredObject> {
  let condition: Condition;
  try {
    await check();
    condition = { type: "Healthy", status: "True", message: "ok" };
  } catch (error) {
    condition = { type: "Healthy", status: "False", error: error instanceof Error ? error.message : String(error) };
  }
  return { apiVersion: "v1", kind: "ComponentStatus", metadata: { name }, conditions: [condition] };
}
