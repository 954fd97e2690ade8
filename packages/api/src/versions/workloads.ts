import { cloneJson, setField, type UnstructuredObject } from "@coracle/apimachinery";
import { objectAt, setAnnotation, setDefault, type Fields } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

/** Where `apps/v1` keeps what its fields do not. */
const rollbackAnnotation = "deprecated.deployment.rollback.to";
const templateGenerationAnnotation = "deprecated.daemonset.template.generation";

/** The first versions took the selector, and the object's own labels, from the pod template. */
function defaultFromTemplate(object: UnstructuredObject): void {
  const labels = objectAt(object, "spec", "template", "metadata", "labels");
  if (labels === undefined) return;
  setDefault(object["spec"] as Fields, "selector", { matchLabels: cloneJson(labels) });
  if (Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = cloneJson(labels) as Record<string, string>;
}

const rollback: VersionForm = {
  toStorage(object) {
    const wanted = objectAt(object, "spec", "rollbackTo");
    setAnnotation(object, rollbackAnnotation, wanted === undefined ? undefined : String(wanted["revision"] ?? 0));
  },
  fromStorage(object) {
    const revision = Number(object.metadata.annotations?.[rollbackAnnotation]);
    const spec = objectAt(object, "spec");
    if (!Number.isSafeInteger(revision) || spec === undefined) return;
    setField(spec, "rollbackTo", revision === 0 ? {} : { revision });
    setAnnotation(object, rollbackAnnotation, undefined);
  },
};

/** `apps/v1beta1`. */
export const appsBetaDeploymentForm: VersionForm = { ...rollback, applyDefaults: defaultFromTemplate };

/** `extensions/v1beta1`: one pod at a time, and no limit to the history or to the time that progress takes. */
export const extensionsDeploymentForm: VersionForm = {
  ...rollback,
  applyDefaults(object) {
    defaultFromTemplate(object);
    const spec = (object["spec"] ??= {}) as Fields;
    const strategy = (spec["strategy"] ??= {}) as Fields;
    const isRolling = (strategy["type"] ?? "RollingUpdate") === "RollingUpdate";
    if (!isRolling && strategy["rollingUpdate"] === undefined) return;
    const rollingUpdate = (strategy["rollingUpdate"] ??= {}) as Fields;
    setDefault(rollingUpdate, "maxUnavailable", 1);
    setDefault(rollingUpdate, "maxSurge", 1);
  },
};

/** Pods are replaced when somebody deletes them. */
function defaultOnDelete(object: UnstructuredObject): void {
  defaultFromTemplate(object);
  const spec = objectAt(object, "spec");
  if (spec !== undefined) setDefault((spec["updateStrategy"] ??= {}) as Fields, "type", "OnDelete");
}

export const extensionsDaemonSetForm: VersionForm = {
  applyDefaults: defaultOnDelete,
  toStorage(object) {
    const generation = objectAt(object, "spec")?.["templateGeneration"];
    if (typeof generation === "number") setAnnotation(object, templateGenerationAnnotation, String(generation));
  },
  fromStorage(object) {
    const generation = Number(object.metadata.annotations?.[templateGenerationAnnotation]);
    const spec = objectAt(object, "spec");
    if (!Number.isSafeInteger(generation) || spec === undefined) return;
    if (generation !== 0) setField(spec, "templateGeneration", generation);
    setAnnotation(object, templateGenerationAnnotation, undefined);
  },
};

/** `extensions/v1beta1`. */
export const extensionsReplicaSetForm: VersionForm = { applyDefaults: defaultFromTemplate };

/** `apps/v1beta1`. */
export const appsBetaStatefulSetForm: VersionForm = { applyDefaults: defaultOnDelete };
