/**
 * Judges manifests by the rules of their kind, as the API server does between decoding and storing: decode, default, prepare,
 * validate, warn. For tests of the kinds' rules only; the API server's own tests go through the API server.
 */
import { readFileSync } from "node:fs";
import {
  applyDefaults,
  cloneJson,
  decodeYaml,
  newInvalid,
  normalise,
  validateObjectMeta,
  type FieldError,
  type ResourceStrategy,
  type StrategyContext,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { declarations } from "../src/schema/declarations.ts";
import { schemaOf } from "../src/schema/schema-of.ts";
import { kindStrategies } from "../src/strategies/index.ts";

/** Path → value; `undefined` deletes: `{ "spec.containers.0.image": undefined }`. */
export type Edits = Readonly<Record<string, unknown>>;

export interface Judgement {
  readonly object: UnstructuredObject;
  /** `field FieldValueInvalid message`, as in `details.causes` of the Status. */
  readonly causes: readonly string[];
  readonly warnings: readonly string[];
}

/** What is asked for in a judgement besides the object. */
export interface Circumstances {
  readonly subresource?: string;
  /** `v1`, `apps/v1`: what the client asks with. */
  readonly apiVersion?: string;
  readonly user?: StrategyContext["user"];
}

const nowMs = Date.parse("2026-01-01T00:00:00Z");

/** A manifest of `manifests/`, one document. */
export async function readManifest(name: string): Promise<UnstructuredObject> {
  const text = readFileSync(new URL(`manifests/${name}.yaml`, import.meta.url), "utf8");
  return (await decodeYaml(text)).value as UnstructuredObject;
}

/** The rules of one kind, and a valid object of it to vary. */
export class Judge {
  readonly #strategy: ResourceStrategy;
  readonly #type: string;
  readonly #isNamespaced: boolean;
  readonly #manifest: UnstructuredObject;

  /** @param resource `pods`, `deployments.apps`. */
  constructor(resource: string, manifest: object) {
    const [plural, ...group] = resource.split(".");
    const versions = declarations().kinds.filter(({ p, g }) => p === plural && g === group.join("."));
    const kind = versions.find(({ v, sv }) => v === sv) ?? versions[0];
    const strategy = kindStrategies[resource] ?? {};
    if (kind === undefined) throw new Error(`no rules for ${resource}`);
    this.#strategy = strategy;
    this.#type = kind.t;
    this.#isNamespaced = kind.ns === 1;
    this.#manifest = manifest as UnstructuredObject;
  }

  static async of(resource: string, manifest: string): Promise<Judge> {
    const judge = new Judge(resource, await readManifest(manifest));
    await judge.#strategy.load?.(judge.#manifest);
    return judge;
  }

  /** The edited manifest, created. */
  create(edits: Edits = {}, circumstances: Circumstances = {}): Judgement {
    const object = this.#decode(edits);
    object.metadata.uid = "4a6f7e1c-0000-4000-8000-000000000001";
    object.metadata.creationTimestamp = "2026-01-01T00:00:00Z";
    const context = contextOf({ apiVersion: object.apiVersion, ...circumstances });
    this.#strategy.prepareForCreate?.(object, context);
    const rules = { isNamespaced: this.#isNamespaced, validateName: this.#strategy.validateName?.bind(this.#strategy) };
    const errors = validateObjectMeta(object.metadata, rules);
    errors.push(...(this.#strategy.validateCreate?.(object, context) ?? []));
    return { object, causes: causesOf(errors), warnings: this.#strategy.warnings?.(object) ?? [] };
  }

  /** The manifest with `before`, stored, and then changed by `edits`. Nothing of `before` is judged. */
  update(before: Edits, edits: Edits, circumstances: Circumstances = {}): Judgement {
    const old = this.create(before).object;
    // What the rules drop on creation can have got there by other ways.
    for (const [path, value] of Object.entries(before)) setPath(old, path, cloneJson(value));
    old.metadata.resourceVersion = "7";
    const object = cloneJson(old);
    for (const [path, value] of Object.entries(edits)) setPath(object, path, cloneJson(value));
    normalise(schemaOf(this.#type), object);
    applyDefaults(schemaOf(this.#type), object);
    this.#strategy.applyDefaults?.(object);
    const context = contextOf({ apiVersion: object.apiVersion, ...circumstances });
    this.#strategy.prepareForUpdate?.(object, old, context);
    const errors = this.#strategy.validateUpdate?.(object, old, context) ?? [];
    return { object, causes: causesOf(errors), warnings: this.#strategy.warnings?.(object, old) ?? [] };
  }

  #decode(edits: Edits): UnstructuredObject {
    const object = cloneJson(this.#manifest);
    for (const [path, value] of Object.entries(edits)) setPath(object, path, cloneJson(value));
    if (this.#isNamespaced) object.metadata.namespace ??= "default";
    const { unknownFields } = normalise(schemaOf(this.#type), object);
    if (unknownFields.length > 0) throw new Error(`unknown fields: ${unknownFields.join(", ")}`);
    applyDefaults(schemaOf(this.#type), object);
    this.#strategy.applyDefaults?.(object);
    return object;
  }
}

function contextOf({ subresource = "", apiVersion = "", user = { name: "tester", groups: [] } }: Circumstances): StrategyContext {
  return { now: "2026-01-01T00:00:00Z", nowMs, apiVersion, subresource, user, isDryRun: false };
}

function causesOf(errors: readonly FieldError[]): string[] {
  const { details } = newInvalid({ group: "", kind: "" }, "", errors).status;
  return (details?.causes ?? []).map(({ field, reason, message }) => `${field} ${reason} ${message}`);
}

function setPath(object: object, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  let target = object as Record<string, unknown>;
  for (const [index, key] of keys.entries()) {
    target[key] ??= /^\d+$/.test(keys[index + 1] ?? last) ? [] : {};
    target = target[key] as Record<string, unknown>;
  }
  if (value === undefined && Array.isArray(target)) target.splice(Number(last), 1);
  else if (value === undefined) delete target[last];
  else target[last] = value;
}
