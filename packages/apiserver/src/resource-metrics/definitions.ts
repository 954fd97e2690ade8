import { schemaOf } from "@coracle/api";
import { addQuantities, formatQuantity, parseQuantity, zeroQuantity } from "@coracle/apimachinery";
import type { ColumnDefinition, ResourceDefinition, Schema, UnstructuredObject, Verb } from "@coracle/apimachinery";

export const metricsGroup = "metrics.k8s.io";
export const metricsVersion = "v1beta1";

const packageName = "io.k8s.metrics.pkg.apis.metrics.v1beta1";
const text: Schema = { type: "string" };
const usage: Schema = {
  type: "object",
  description: "What is used, by resource; memory is the working set.",
  additionalProperties: { type: "string", format: "quantity" },
};

const containerMetrics: Schema = {
  type: "object",
  refName: `${packageName}.ContainerMetrics`,
  description: "What one container uses.",
  required: ["name", "usage"],
  properties: { name: { ...text, description: "Name of the container in the spec of the pod." }, usage },
};

function metricsSchema(kind: string, description: string, own: Readonly<Record<string, Schema>>): Schema {
  return {
    type: "object",
    refName: `${packageName}.${kind}`,
    description,
    required: ["timestamp", "window", ...Object.keys(own)],
    properties: {
      apiVersion: text,
      kind: text,
      metadata: schemaOf("meta/v1.ObjectMeta"),
      timestamp: { type: "string", format: "date-time", description: "When the interval ends over which was measured." },
      window: { type: "string", format: "duration", description: "The length of that interval." },
      ...own,
    },
  };
}

/** `nodes` and `pods` of `metrics.k8s.io/v1beta1`: they can be read and listed, and are stored nowhere. */
export function metricsDefinitions(): readonly ResourceDefinition[] {
  return [
    define({
      resource: "nodes",
      kind: "NodeMetrics",
      isNamespaced: false,
      schema: metricsSchema("NodeMetrics", "What a node uses.", { usage }),
    }),
    define({
      resource: "pods",
      kind: "PodMetrics",
      isNamespaced: true,
      schema: metricsSchema("PodMetrics", "What the containers of a pod use.", {
        containers: { type: "array", items: containerMetrics, listType: "atomic", description: "All containers, of the same interval." },
      }),
    }),
  ];
}

/** The columns of metrics-server; a pod's figures are the sums of its containers'. */
const columns: readonly ColumnDefinition[] = [
  {
    name: "Name",
    type: "string",
    format: "name",
    description: "Name must be unique within a namespace.",
    priority: 0,
    cell: ({ metadata }) => metadata.name ?? "",
  },
  { name: "cpu", type: "string", format: "quantity", priority: 0, cell: (object) => totalOf(object, "cpu") },
  { name: "memory", type: "string", format: "quantity", priority: 0, cell: (object) => totalOf(object, "memory") },
  { name: "Window", type: "string", format: "duration", priority: 0, cell: (object) => object["window"] },
];

type Usages = Readonly<Record<string, string>>;

function totalOf(object: UnstructuredObject, resource: string): string {
  const { usage, containers = [] } = object as { usage?: Usages; containers?: readonly { readonly usage: Usages }[] };
  const all = usage === undefined ? containers.map((each) => each.usage) : [usage];
  const amounts = all.map((each) => parseQuantity(each[resource] ?? "0"));
  return formatQuantity(amounts.reduce((sum, each) => (sum.nanos === 0n ? each : addQuantities(sum, each)), zeroQuantity));
}

const verbs: readonly Verb[] = ["get", "list"];

function define(own: { resource: string; kind: string; isNamespaced: boolean; schema: Schema }): ResourceDefinition {
  const { resource, kind, isNamespaced, schema } = own;
  return {
    group: metricsGroup,
    resource,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    shortNames: [],
    categories: [],
    isNamespaced,
    verbs,
    versions: [{ version: metricsVersion, isServed: true, isStorage: true, schema, columns, subresources: [], selectableFields: {} }],
    storagePath: "",
    strategy: {},
    isCustom: false,
  };
}
