import type { UnstructuredObject } from "@coracle/apimachinery";
import { metricsGroup } from "./definitions.ts";

const aggregate = "rbac.authorization.k8s.io/aggregate-to-";

/** Lets who may view, edit or administer a namespace read what its pods use. metrics-server brings the same. */
export const metricsReaderRole: UnstructuredObject = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: {
    name: "system:aggregated-metrics-reader",
    labels: { "k8s-app": "metrics-server", [`${aggregate}admin`]: "true", [`${aggregate}edit`]: "true", [`${aggregate}view`]: "true" },
  },
  rules: [{ apiGroups: [metricsGroup], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }],
};
