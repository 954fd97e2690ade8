import type { Schema } from "@coracle/apimachinery";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const text: Schema = { type: "string" };
const texts: Schema = { type: "array", items: text, listType: "atomic" };
const listOf = (items: Schema): Schema => ({ type: "array", items, listType: "atomic" });

const groupVersion: Schema = {
  type: "object",
  refName: `${meta}.GroupVersionForDiscovery`,
  required: ["groupVersion", "version"],
  properties: { groupVersion: text, version: text },
};

const serverAddress: Schema = {
  type: "object",
  refName: `${meta}.ServerAddressByClientCIDR`,
  required: ["clientCIDR", "serverAddress"],
  properties: { clientCIDR: text, serverAddress: text },
};

/** The answer to `/apis/apps/`. */
export const apiGroup: Schema = {
  type: "object",
  refName: `${meta}.APIGroup`,
  required: ["name", "versions"],
  properties: {
    apiVersion: text,
    kind: text,
    name: text,
    preferredVersion: groupVersion,
    serverAddressByClientCIDRs: listOf(serverAddress),
    versions: listOf(groupVersion),
  },
};

/** The answer to `/apis/`. */
export const apiGroupList: Schema = {
  type: "object",
  refName: `${meta}.APIGroupList`,
  required: ["groups"],
  properties: { apiVersion: text, groups: listOf(apiGroup), kind: text },
};

/** The answer to `/api/`. */
export const apiVersions: Schema = {
  type: "object",
  refName: `${meta}.APIVersions`,
  required: ["versions", "serverAddressByClientCIDRs"],
  properties: { apiVersion: text, kind: text, serverAddressByClientCIDRs: listOf(serverAddress), versions: texts },
};

const apiResource: Schema = {
  type: "object",
  refName: `${meta}.APIResource`,
  required: ["name", "singularName", "namespaced", "kind", "verbs"],
  properties: {
    categories: texts,
    group: text,
    kind: text,
    name: text,
    namespaced: { type: "boolean" },
    shortNames: texts,
    singularName: text,
    storageVersionHash: text,
    verbs: { type: "array", items: text },
    version: text,
  },
};

/** The answer to `/apis/apps/v1/`. */
export const apiResourceList: Schema = {
  type: "object",
  refName: `${meta}.APIResourceList`,
  required: ["groupVersion", "resources"],
  properties: { apiVersion: text, groupVersion: text, kind: text, resources: listOf(apiResource) },
};

/** One line of a watch. */
export const watchEvent: Schema = {
  type: "object",
  refName: `${meta}.WatchEvent`,
  required: ["type", "object"],
  properties: { object: { type: "object", format: "raw", preserveUnknownFields: true }, type: text },
};

const versionFields = ["major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"];

const compatibilityFields = ["emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor"];

/** The answer to `/version/`. */
export const versionInfo: Schema = {
  type: "object",
  refName: "io.k8s.apimachinery.pkg.version.Info",
  required: versionFields,
  properties: Object.fromEntries([...versionFields, ...compatibilityFields].toSorted().map((field) => [field, text])),
};
