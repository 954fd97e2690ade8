import type { StatusCause } from "../errors/status-error.ts";
import { quoteText } from "../validation/field-errors.ts";
import { formatPaths, intersectSets, type FieldSet } from "./field-set.ts";
import type { Manager, Managers } from "./managers.ts";

/** A field that an applier wants to change and somebody else owns. */
export interface ApplyConflict {
  /** The owner. */
  readonly manager: Manager;
  /** `.spec.replicas`. */
  readonly path: string;
}

/** Who else owns what is about to change, as each manager's version has it. */
export function findConflicts(managers: Managers, changedIn: (apiVersion: string) => FieldSet, applier: string): ApplyConflict[] {
  const conflicts: ApplyConflict[] = [];
  for (const [key, manager] of managers) {
    if (key === applier) continue;
    for (const path of formatPaths(intersectSets(manager.set, changedIn(manager.apiVersion)))) conflicts.push({ manager, path });
  }
  return conflicts;
}

/** The causes of a Conflict, one for each field. */
export function conflictCauses(conflicts: readonly ApplyConflict[]): StatusCause[] {
  return conflicts.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${describeManager(manager)}`,
    field: path,
  }));
}

/** `Apply failed with 1 conflict: conflict with "x" using apps/v1: .spec.replicas`. */
export function conflictMessage(conflicts: readonly ApplyConflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${describeManager(first.manager)}: ${first.path}`;
  }
  const pathsByManager = new Map<Manager, string[]>();
  for (const { manager, path } of conflicts) pathsByManager.set(manager, [...(pathsByManager.get(manager) ?? []), path]);
  const ordered = [...pathsByManager].sort(([left], [right]) => (left.manager < right.manager ? -1 : left.manager > right.manager ? 1 : 0));
  const lines = ordered.flatMap(([manager, paths]) => [`conflicts with ${describeManager(manager)}:`, ...paths.map((path) => `- ${path}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

/** Identities carry no time, so neither does the text. */
function describeManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = quoteText(manager) + (subresource === "" ? "" : ` with subresource ${quoteText(subresource)}`);
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}
