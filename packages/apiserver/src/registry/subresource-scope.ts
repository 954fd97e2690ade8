import { cloneJson, type UnstructuredObject } from "@coracle/apimachinery";
import type { Target } from "./target.ts";

type Fields = Record<string, unknown>;
/** Takes from `sent` what the subresource may change and puts it into `next`, a copy of the present object. */
type Scope = (next: UnstructuredObject, sent: UnstructuredObject, target: Target) => void;

const scopes: Readonly<Record<string, Scope>> = {
  status(next, sent, target) {
    take(next, sent, "status");
    // Built-in kinds let labels, annotations and finalizers change along with the status.
    if (!target.form.definition.isCustom) takeMetadata(next, sent);
  },
  approval(next, sent) {
    takeMetadata(next, sent);
    const status = fieldsOf(next, "status");
    take(status, (sent["status"] ?? {}) as Fields, "conditions");
  },
  finalize(next, sent) {
    takeMetadata(next, sent);
    take(fieldsOf(next, "spec"), (sent["spec"] ?? {}) as Fields, "finalizers");
  },
  ephemeralcontainers(next, sent) {
    take(fieldsOf(next, "spec"), (sent["spec"] ?? {}) as Fields, "ephemeralContainers");
  },
  resize(next, sent) {
    const [spec, wanted] = [fieldsOf(next, "spec"), (sent["spec"] ?? {}) as Fields];
    take(spec, wanted, "resources");
    for (const list of containerLists)
      take(spec, { [list]: resized(spec[list] as Fields[] | undefined, wanted[list] as Fields[] | undefined) }, list);
  },
};

const containerLists = ["containers", "initContainers"];

/** The containers with the resources that were sent. When there are others than before, those are taken for validation to refuse. */
function resized(present: readonly Fields[] = [], sent: readonly Fields[] = []): readonly Fields[] | undefined {
  const areSame = present.length === sent.length && present.every(({ name }, index) => sent[index]?.["name"] === name);
  if (!areSame) return sent;
  for (const [index, container] of present.entries()) {
    take(container, sent[index] as Fields, "resources");
    take(container, sent[index] as Fields, "resizePolicy");
  }
  return present.length === 0 ? undefined : present;
}

/**
 * The next state that a write to the target's subresource may reach: the object as sent, but with the status as it is (main resource),
 * or the object as it is but with what belongs to the subresource. Shares nothing with `old`.
 */
export function limitToSubresource(target: Target, sent: UnstructuredObject, old: Readonly<UnstructuredObject>): UnstructuredObject {
  const { subresource } = target.address;
  if (subresource === "") {
    const hasStatus = target.served.version.subresources.some(({ name }) => name === "status");
    if (hasStatus) take(sent, { status: cloneJson(old["status"]) }, "status");
    return sent;
  }
  const scope = scopes[subresource];
  if (scope === undefined) return sent;
  const next = cloneJson(old) as UnstructuredObject;
  if (sent.metadata.managedFields !== undefined) next.metadata.managedFields = sent.metadata.managedFields;
  scope(next, sent, target);
  return next;
}

function take(target: Fields, source: Fields, name: string): void {
  const value = source[name];
  if (value === undefined) delete target[name];
  else target[name] = value;
}

function takeMetadata(next: UnstructuredObject, sent: UnstructuredObject): void {
  for (const name of ["labels", "annotations", "finalizers"]) take(next.metadata as Fields, sent.metadata as Fields, name);
}

function fieldsOf(object: Fields, name: string): Fields {
  return (object[name] ??= {}) as Fields;
}
