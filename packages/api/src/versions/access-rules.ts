import { objectAt, objectsAt, rename, type Fields } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

const rbacGroup = "rbac.authorization.k8s.io";

/** `rbac.authorization.k8s.io/v1alpha1`: a subject says its group within an apiVersion, and the user `*` is everybody who is known. */
export const alphaBindingForm: VersionForm = {
  toStorage(object) {
    for (const subject of objectsAt(object, "subjects")) toGroup(subject);
  },
  fromStorage(object) {
    for (const subject of objectsAt(object, "subjects")) toApiVersion(subject);
  },
};

function toGroup(subject: Fields): void {
  const { kind, name, apiVersion } = subject;
  if (kind === "User" || kind === "Group") subject["apiGroup"] = rbacGroup;
  else if (kind !== "ServiceAccount" && typeof apiVersion === "string" && apiVersion.includes("/"))
    subject["apiGroup"] = apiVersion.slice(0, apiVersion.indexOf("/"));
  if (kind === "User" && name === "*") Object.assign(subject, { kind: "Group", name: "system:authenticated" });
}

function toApiVersion(subject: Fields): void {
  const { kind, apiGroup = "" } = subject;
  if (kind === "ServiceAccount" && apiGroup === "") subject["apiVersion"] = "v1";
  else if ((kind === "User" || kind === "Group") && apiGroup === rbacGroup) subject["apiVersion"] = `${rbacGroup}/v1alpha1`;
  else if (apiGroup !== "") subject["apiVersion"] = `${String(apiGroup)}/`;
}

/** `authorization.k8s.io/v1beta1` SubjectAccessReview and LocalSubjectAccessReview. */
export const accessReviewForm: VersionForm = {
  toStorage: (object) => rename(objectAt(object, "spec"), "group", "groups"),
  fromStorage: (object) => rename(objectAt(object, "spec"), "groups", "group"),
};
