import { newBadRequest, newRequestEntityTooLarge } from "../errors/errors.ts";
import { newGenericServerResponse } from "../errors/generic-response.ts";
import { cloneJson, deepEqual, isPlainObject, setField } from "../meta/deep.ts";

/** More operations than this are refused with 413. */
export const jsonPatchOperationsLimit = 10_000;
/** What the `copy` operations of a patch may add. */
const copyLimitBytes = 3 * 1024 * 1024;

interface Progress {
  copiedBytes: number;
}

/**
 * JSON Patch (RFC 6902): a new value; neither input is changed. Throws BadRequest when the patch is none, 413 when it is too long, and
 * 422 when an operation does not apply, in kube-apiserver's words.
 */
export function applyJsonPatch(original: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    const found = isPlainObject(patch) ? "object" : typeof patch;
    throw newBadRequest(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Patch`);
  }
  if (patch.length > jsonPatchOperationsLimit) {
    const limit = `The allowed maximum operations in a JSON patch is ${jsonPatchOperationsLimit}, got ${patch.length}`;
    throw newRequestEntityTooLarge(limit);
  }
  const document = { root: cloneJson(original) };
  const progress: Progress = { copiedBytes: 0 };
  for (const operation of patch as unknown[]) {
    const problem = isPlainObject(operation) ? applyOperation(document, operation, progress) : "Unexpected kind: unknown";
    if (problem !== undefined) throw newGenericServerResponse({ code: 422, method: "", serverMessage: problem });
  }
  return document.root;
}

function applyOperation(document: { root: unknown }, operation: Record<string, unknown>, progress: Progress): string | undefined {
  const { op, path, from } = operation;
  const check = typeof op === "string" && Object.hasOwn(checks, op) ? checks[op] : undefined;
  if (check === undefined) return `Unexpected kind: ${typeof op === "string" ? op : "unknown"}`;
  if (typeof path !== "string") return `${op as string} operation failed to decode path: missing value`;
  const needsFrom = op === "move" || op === "copy";
  if (needsFrom && typeof from !== "string") return `${op} operation failed to decode from: operation, missing from field: missing value`;
  const problem = check(document.root, operation as unknown as CheckedOperation);
  if (problem !== undefined || op === "test") return problem;
  if (op === "copy") {
    progress.copiedBytes += JSON.stringify(locate(document.root, from as string).value ?? null).length;
    if (progress.copiedBytes > copyLimitBytes) {
      const size = `the accumulated size increase of ${progress.copiedBytes} bytes exceeds the limit ${copyLimitBytes}`;
      return `Unable to complete the copy, ${size}`;
    }
  }
  return mutations[op as string]?.(document, operation as unknown as CheckedOperation);
}

/** Operations that were checked, in place. Keys are keys, whatever they are called; values of the patch stay its own, for it may be tried again. */
type Mutation = (document: { root: unknown }, operation: CheckedOperation) => string | undefined;

const mutations: Readonly<Record<string, Mutation>> = {
  add: (document, { path, value }) => insert(document, path, cloneJson(value ?? null)),
  remove: (document, { path }) => void take(document.root, path),
  replace(document, { path, value }) {
    const { parent, key } = locate(document.root, path);
    if (path === "") document.root = cloneJson(value ?? null);
    else if (Array.isArray(parent)) parent[indexOf(key)] = cloneJson(value ?? null);
    else setField(parent as Record<string, unknown>, key, cloneJson(value ?? null));
    return undefined;
  },
  move(document, { from, path }) {
    const value = take(document.root, from);
    // A list may be too short now.
    return checkTarget(document.root, path, "", "move") ?? insert(document, path, value);
  },
  copy: (document, { from, path }) => insert(document, path, cloneJson(locate(document.root, from).value)),
};

function insert(document: { root: unknown }, path: string, value: unknown): undefined {
  const { parent, key } = locate(document.root, path);
  if (path === "") document.root = value;
  else if (Array.isArray(parent)) parent.splice(key === "-" ? parent.length : indexOf(key), 0, value);
  else setField(parent as Record<string, unknown>, key, value);
}

function take(root: unknown, path: string): unknown {
  const { parent, key, value } = locate(root, path);
  if (Array.isArray(parent)) parent.splice(indexOf(key), 1);
  else delete (parent as Record<string, unknown>)[key];
  return value;
}

interface CheckedOperation {
  readonly path: string;
  readonly from: string;
  readonly value?: unknown;
}

interface Location {
  /** The object or array that holds the target; undefined when the path does not lead to one. */
  readonly parent: unknown;
  readonly key: string;
  readonly value: unknown;
}

function locate(root: unknown, path: string): Location {
  if (path === "") return { parent: { "": root }, key: "", value: root };
  const steps = path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  let parent: unknown;
  let value: unknown = root;
  for (const [index, key] of steps.entries()) {
    parent = value;
    if (!Array.isArray(parent) && !isPlainObject(parent)) return { parent: undefined, key: steps.at(-1) as string, value: undefined };
    value = Array.isArray(parent) ? parent[indexOf(key)] : Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (value === undefined && index < steps.length - 1) return { parent: undefined, key: steps.at(-1) as string, value: undefined };
  }
  return { parent, key: steps.at(-1) ?? "", value };
}

function indexOf(key: string): number {
  return /^(?:0|[1-9]\d*)$/.test(key) ? Number(key) : -1;
}

function indexProblem(parent: readonly unknown[], key: string, last: number): string | undefined {
  const index = indexOf(key);
  if (index < 0 && !/^-\d+$/.test(key)) {
    return `value was not a proper array index: '${key}': strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
  }
  return index < 0 || index > last || index > parent.length
    ? `Unable to access invalid index: ${Number(key)}: invalid index referenced`
    : undefined;
}

type Check = (root: unknown, operation: CheckedOperation) => string | undefined;

const checks: Readonly<Record<string, Check>> = {
  add(root, { path }) {
    return checkTarget(root, path, `add operation does not apply: doc is missing path: "${path}": missing value`, "add");
  },
  remove(root, { path }) {
    const { parent } = locate(root, path);
    if (parent === undefined) return `remove operation does not apply: doc is missing path: "${path}": missing value`;
    return checkRemoval(root, path, "remove");
  },
  replace(root, { path }) {
    const { parent, key, value } = locate(root, path);
    if (parent === undefined) return `replace operation does not apply: doc is missing path: ${path}: missing value`;
    const isMissing = Array.isArray(parent) ? indexProblem(parent, key, parent.length - 1) !== undefined : value === undefined;
    return isMissing ? `replace operation does not apply: doc is missing key: ${path}: missing value` : undefined;
  },
  move(root, { from, path }) {
    const { parent } = locate(root, from);
    if (parent === undefined) return `move operation does not apply: doc is missing from path: ${from}: missing value`;
    const missing = `move operation does not apply: doc is missing destination path: ${path}: missing value`;
    return checkRemoval(root, from, "move") ?? (path.startsWith(`${from}/`) ? missing : checkTarget(root, path, missing, "move"));
  },
  copy(root, { from, path }) {
    const { parent, value } = locate(root, from);
    if (parent === undefined || value === undefined)
      return `copy operation does not apply: doc is missing from path: ${from}: missing value`;
    return checkTarget(root, path, `copy operation does not apply: doc is missing destination path: ${path}: missing value`, "copy");
  },
  test(root, { path, value }) {
    const found = locate(root, path);
    if (found.parent === undefined) return `test operation does not apply: is missing path: ${path}: missing value`;
    return deepEqual(found.value ?? null, value ?? null) ? undefined : `testing value ${path} failed: test failed`;
  },
};

function checkTarget(root: unknown, path: string, missing: string, op: string): string | undefined {
  const { parent, key } = locate(root, path);
  if (parent === undefined) return missing;
  const problem = Array.isArray(parent) && key !== "-" ? indexProblem(parent, key, parent.length) : undefined;
  return problem === undefined ? undefined : `error in ${op} for path: '${path}': ${problem}`;
}

function checkRemoval(root: unknown, path: string, op: string): string | undefined {
  const { parent, key, value } = locate(root, path);
  if (path === "") return `${op} operation does not apply: doc is missing path: "": missing value`;
  const problem = Array.isArray(parent)
    ? indexProblem(parent, key, parent.length - 1)
    : value === undefined
      ? `Unable to remove nonexistent key: ${key}: missing value`
      : undefined;
  return problem === undefined ? undefined : `error in ${op} for path: '${path}': ${problem}`;
}
