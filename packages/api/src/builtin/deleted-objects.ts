const answered: Readonly<Record<string, readonly string[]>> = {
  "": ["persistentvolumeclaims", "persistentvolumes", "pods", "podtemplates", "resourcequotas", "serviceaccounts", "services"],
  "resource.k8s.io": ["deviceclasses", "resourceclaims", "resourceclaimtemplates", "resourceslices"],
  "storage.k8s.io": ["csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"],
};

/** Whether a deletion is answered with the object even when it is gone, instead of a Status; as kube-apiserver 1.36 does by kind. */
export function answersWithDeleted({ group, resource }: { readonly group: string; readonly resource: string }): boolean {
  return answered[group]?.includes(resource) ?? false;
}
