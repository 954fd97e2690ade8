import { isPlainObject, StatusError } from "@coracle/apimachinery";

type JsonObject = Record<string, unknown>;

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch;
  const result: JsonObject = isPlainObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

interface JsonPatchStep {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** RFC 6902: add, remove, replace and test. */
export function jsonPatch(target: unknown, steps: unknown): unknown {
  const document = { root: structuredClone(target) };
  for (const step of steps as readonly JsonPatchStep[]) {
    const path = [
      "root",
      ...step.path
        .split("/")
        .slice(1)
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
    ];
    const last = path.pop() as string;
    let parent: unknown = document;
    for (const part of path) parent = (parent as JsonObject | undefined)?.[part];
    if (typeof parent !== "object" || parent === null) throw invalidPath(step);
    applyStep(parent as JsonObject | unknown[], last, step);
  }
  return document.root;
}

function applyStep(parent: JsonObject | unknown[], last: string, step: JsonPatchStep): void {
  const isMissing = !(last in parent);
  if (step.op === "test") {
    if (JSON.stringify((parent as JsonObject)[last]) !== JSON.stringify(step.value)) throw invalidPath(step);
  } else if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (step.op === "add") parent.splice(index, 0, step.value);
    else if (isMissing) throw invalidPath(step);
    else if (step.op === "remove") parent.splice(index, 1);
    else parent[index] = step.value;
  } else if (step.op === "remove") {
    if (isMissing) throw invalidPath(step);
    delete parent[last];
  } else {
    parent[last] = step.value;
  }
}

function invalidPath({ op, path }: JsonPatchStep): StatusError {
  const message = `the server rejected our request due to an error in our request: ${op} operation does not apply: ${path}`;
  return new StatusError({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason: "Invalid", code: 422 });
}
