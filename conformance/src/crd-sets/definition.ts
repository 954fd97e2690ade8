import { conditions, fields, prose, type JsonSchema } from "./schema.ts";

export interface Version {
  readonly name: string;
  readonly spec: JsonSchema;
  /** Defaults to conditions. */
  readonly status?: JsonSchema;
  /** Further keywords of the root. */
  readonly root?: JsonSchema;
  readonly columns?: readonly { readonly name: string; readonly type: string; readonly jsonPath: string; readonly priority?: number }[];
  readonly selectableFields?: readonly string[];
  readonly scale?: object;
  readonly isDeprecated?: boolean;
}

export interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly scope?: "Namespaced" | "Cluster";
  /** The last one is stored. */
  readonly versions: readonly Version[];
}

/** The manifest of a CustomResourceDefinition. */
export function definition({ group, kind, plural, shortNames = [], categories = [], scope = "Namespaced", versions }: Kind): object {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, labels: { "app.kubernetes.io/part-of": group } },
    spec: {
      group,
      scope,
      conversion: { strategy: "None" },
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, shortNames, categories },
      versions: versions.map((version, index) => versionOf(kind, version, index === versions.length - 1)),
    },
  };
}

function versionOf(kind: string, version: Version, isStored: boolean): object {
  const { name, spec, status = fields({ conditions }), root = {}, columns = [], selectableFields = [], scale, isDeprecated } = version;
  return {
    name,
    served: true,
    storage: isStored,
    ...(isDeprecated === true ? { deprecated: true, deprecationWarning: `${name} of ${kind} is going away` } : {}),
    subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
    additionalPrinterColumns: [...columns, { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }],
    ...(selectableFields.length === 0 ? {} : { selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })) }),
    schema: {
      openAPIV3Schema: {
        type: "object",
        description: prose(kind, 3),
        required: ["spec"],
        properties: { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" }, spec, status },
        ...root,
      },
    },
  };
}
