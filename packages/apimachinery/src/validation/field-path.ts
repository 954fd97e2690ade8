/**
 * Where a finding is: `spec.containers[0].name`, `metadata.labels[a/b]`. Paths are plain strings; these three functions
 * put them together as upstream's `field.Path` prints them.
 */

/** `spec` + `template`, `name` → `spec.template.name`. The empty path is the root. */
export function fieldPath(parent: string, ...names: string[]): string {
  let path = parent;
  for (const name of names) path = path === "" ? name : `${path}.${name}`;
  return path;
}

/** `spec.containers` + 0 → `spec.containers[0]`. */
export function indexPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}

/** `metadata.labels` + `a/b` → `metadata.labels[a/b]`. */
export function keyPath(parent: string, key: string): string {
  return `${parent}[${key}]`;
}
