import { celTypes, type CelType } from "@coracle/apimachinery/cel";

const { string, bool, int, dyn, timestamp, list, map, object } = celTypes;

const gvk = object("kubernetes.GroupVersionKind", { group: string, version: string, kind: string });
const gvr = object("kubernetes.GroupVersionResource", { group: string, version: string, resource: string });

const userInfo = object("kubernetes.UserInfo", {
  username: string,
  uid: string,
  groups: list(string),
  extra: map(string, list(string)),
});

/** Of the variable `request`: an AdmissionRequest without its objects. */
export const requestType: CelType = object("kubernetes.AdmissionRequest", {
  kind: gvk,
  resource: gvr,
  subResource: string,
  requestKind: gvk,
  requestResource: gvr,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo,
  dryRun: bool,
  options: dyn,
});

const namespaceCondition = object("kubernetes.NamespaceCondition", {
  status: string,
  type: string,
  lastTransitionTime: timestamp,
  message: string,
  reason: string,
});

const namespaceMetadata = object("kubernetes.NamespaceMetadata", {
  name: string,
  generateName: string,
  namespace: string,
  labels: map(string, string),
  annotations: map(string, string),
  UID: string,
  creationTimestamp: timestamp,
  deletionGracePeriodSeconds: int,
  deletionTimestamp: timestamp,
  generation: int,
  resourceVersion: string,
  finalizers: list(string),
});

/** Of the variable `namespaceObject`. Managed fields and owners are not for expressions. */
export const namespaceType: CelType = object("kubernetes.Namespace", {
  metadata: namespaceMetadata,
  spec: object("kubernetes.NamespaceSpec", { finalizers: list(string) }),
  status: object("kubernetes.NamespaceStatus", { conditions: list(namespaceCondition), phase: string }),
});
