import { randomUuid, type Random } from "@coracle/base";
import {
  newBadRequest,
  newInvalid,
  newPathNotFound,
  type DeleteOptions,
  type GroupVersionResource,
  type ObjectMeta,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { ApiRequest } from "../transport.ts";

/** What the rules need of the server that applies them. */
export interface FakeRules {
  readonly random: Random;
  timestamp(): string;
  generateName(prefix: string): string;
}

/** What the server sets, and what clients may not set, on create. */
export function prepareCreate(body: UnstructuredObject, request: ApiRequest, rules: FakeRules): UnstructuredObject {
  const { status: _status, ...rest } = body;
  if ((body.metadata.resourceVersion ?? "") !== "") {
    throw newBadRequest("resourceVersion should not be set on objects to be created");
  }
  const { namespace, generateName } = body.metadata;
  if (request.namespace !== undefined && namespace !== undefined && namespace !== request.namespace) {
    throw newBadRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  const name = body.metadata.name ?? (generateName === undefined ? undefined : rules.generateName(generateName));
  if (name === undefined) {
    const detail = "name or generateName is required";
    throw newInvalid({ group: request.resource.group, kind: body.kind }, "", [
      { type: "FieldValueRequired", field: "metadata.name", detail },
    ]);
  }
  const metadata: ObjectMeta = {
    ...body.metadata,
    name,
    ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
    uid: randomUuid(rules.random),
    creationTimestamp: rules.timestamp(),
    ...(body.spec === undefined ? {} : { generation: 1 }),
  };
  const object = { ...rest, metadata } as UnstructuredObject;
  if (request.resource.group !== "" || request.resource.resource !== "namespaces") return object;
  return { ...object, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
}

/** The new object: main updates keep the status, updates of a subresource change nothing else. */
export function prepareUpdate(body: UnstructuredObject, old: UnstructuredObject, subresource: string): UnstructuredObject {
  const kept: ObjectMeta = { ...body.metadata };
  const { name, namespace, uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion } =
    old.metadata;
  const fixed = { name, namespace, uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion };
  for (const [field, value] of Object.entries(fixed)) {
    if (value === undefined) delete kept[field as keyof ObjectMeta];
    else Object.assign(kept, { [field]: value });
  }
  if (subresource === "status") return withField(old, "status", body.status, metadataOfStatusUpdate(old, kept));
  if (subresource === "finalize") return withField(old, "spec", body.spec, old.metadata);
  if (subresource !== "") throw newPathNotFound();
  const isSpecChanged = JSON.stringify(body.spec) !== JSON.stringify(old.spec);
  if (isSpecChanged && generation !== undefined) kept.generation = generation + 1;
  return withField({ ...body, metadata: kept }, "status", old.status, kept);
}

/** Status updates may change annotations and labels of most kinds, as upstream's status strategies let them. */
function metadataOfStatusUpdate(old: UnstructuredObject, kept: ObjectMeta): ObjectMeta {
  const { labels, annotations } = kept;
  return { ...old.metadata, ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
}

function withField(object: UnstructuredObject, field: string, value: unknown, metadata: ObjectMeta): UnstructuredObject {
  const { [field]: _old, ...rest } = object;
  return { ...rest, metadata, ...(value === undefined ? {} : { [field]: value }) } as UnstructuredObject;
}

/** The object marked as being deleted; itself when it is marked already; undefined when it goes at once. */
export function startDeletion(
  object: UnstructuredObject,
  resource: GroupVersionResource,
  options: DeleteOptions,
  rules: FakeRules,
): UnstructuredObject | undefined {
  const isCore = resource.group === "";
  const grace = isCore && resource.resource === "pods" ? gracePeriodOf(object, options.gracePeriodSeconds) : 0;
  const finalizers = [...(object.metadata.finalizers ?? [])];
  if (options.propagationPolicy === "Foreground") finalizers.push("foregroundDeletion");
  if (options.propagationPolicy === "Orphan") finalizers.push("orphan");
  const specFinalizers = (object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? [];
  const isNamespace = isCore && resource.resource === "namespaces";
  const isHeld = finalizers.length > 0 || grace > 0 || (isNamespace && specFinalizers.length > 0);
  if (!isHeld) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  if (deletionTimestamp !== undefined && grace >= deletionGracePeriodSeconds) return object;
  const metadata: ObjectMeta = {
    ...object.metadata,
    deletionTimestamp: deletionTimestamp ?? rules.timestamp(),
    deletionGracePeriodSeconds: grace,
    ...(finalizers.length > 0 ? { finalizers: [...new Set(finalizers)] } : {}),
  };
  const status = isNamespace ? { status: { ...(object.status as object | undefined), phase: "Terminating" } } : {};
  return { ...object, metadata, ...status };
}

/** Pods on a node are killed gracefully; others, and finished ones, go at once. */
function gracePeriodOf(pod: UnstructuredObject, requested: number | undefined): number {
  const spec = (pod.spec ?? {}) as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const phase = (pod.status as { phase?: string } | undefined)?.phase;
  if ((spec.nodeName ?? "") === "" || phase === "Succeeded" || phase === "Failed") return 0;
  return requested ?? spec.terminationGracePeriodSeconds ?? 30;
}
