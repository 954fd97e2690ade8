/** What the server decides, so that nobody ever owns it. */
export const unownedRoot: ReadonlySet<string> = new Set(["apiVersion", "kind"]);

/** The same within `metadata`. */
export const unownedMeta: ReadonlySet<string> = new Set([
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
]);
