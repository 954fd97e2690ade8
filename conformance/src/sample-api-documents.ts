const group = "wardle.example.com";
const version = "v1alpha1";
const groupVersion = `${group}/${version}`;
const kind = { group, version, kind: "Flunder" };

const flunder = {
  type: "object",
  description: "Flunder is a thing that refers to other flunders.",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    spec: {
      type: "object",
      description: "What is wanted.",
      properties: { flunderReference: { type: "string", description: "The name of another flunder." } },
    },
  },
  "x-kubernetes-group-version-kind": [kind],
};
const flunderName = "com.example.wardle.v1alpha1.Flunder";

const apiGroup = {
  name: group,
  versions: [{ groupVersion, version }],
  preferredVersion: { groupVersion, version },
};

const resources = [
  {
    name: "flunders",
    singularName: "flunder",
    namespaced: true,
    kind: "Flunder",
    shortNames: ["flu"],
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  },
];

/** `parameters` and a body, in OpenAPI 2 or 3. */
function paths(reference: string, isV3: boolean): object {
  const path = `/apis/${groupVersion}/namespaces/{namespace}/flunders`;
  const query = (name: string): object => ({
    name,
    in: "query",
    ...(isV3 ? { schema: { type: "string" } } : { type: "string", uniqueItems: true }),
  });
  const answer = isV3
    ? { description: "OK", content: { "application/json": { schema: { $ref: reference } } } }
    : { description: "OK", schema: { $ref: reference } };
  const operation = (operationId: string, action: string): object => ({
    operationId,
    parameters: [query("fieldValidation"), query("dryRun")],
    responses: { "200": answer },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": kind,
  });
  return {
    [path]: { post: operation("createWardleExampleComV1alpha1NamespacedFlunder", "post") },
    [`${path}/{name}`]: { patch: operation("patchWardleExampleComV1alpha1NamespacedFlunder", "patch") },
  };
}

/** Discovery and OpenAPI of the sample API server, by path. */
export function documents(path: string): object | undefined {
  switch (path.replace(/\/$/, "")) {
    case "/apis":
      return { kind: "APIGroupList", apiVersion: "v1", groups: [apiGroup] };
    case `/apis/${group}`:
      return { kind: "APIGroup", apiVersion: "v1", ...apiGroup };
    case `/apis/${groupVersion}`:
      return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
    case "/openapi/v2":
      return {
        swagger: "2.0",
        info: { title: "wardle", version: "v1" },
        paths: paths(`#/definitions/${flunderName}`, false),
        definitions: { [flunderName]: flunder },
      };
    case "/openapi/v3":
      return { paths: { [`apis/${groupVersion}`]: { serverRelativeURL: `/openapi/v3/apis/${groupVersion}?hash=1` } } };
    case `/openapi/v3/apis/${groupVersion}`:
      return {
        openapi: "3.0.0",
        info: { title: "wardle", version: "v1" },
        paths: paths(`#/components/schemas/${flunderName}`, true),
        components: { schemas: { [flunderName]: flunder } },
      };
    default:
      return undefined;
  }
}
