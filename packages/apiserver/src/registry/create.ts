import { randomNameSuffix, randomUuid } from "@coracle/base";
import {
  cloneJson,
  encodeObject,
  newAlreadyExists,
  newBadRequest,
  newGenerateNameConflict,
  normalise,
  validateObjectMeta,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { CachedObject } from "../cacher/index.ts";
import { mutateWithinLimits } from "./after-admission.ts";
import { refuseInvalid, settleNamespace, versionErrors, warnAbout } from "./check.ts";
import { commitObject } from "./commit.ts";
import type { ObjectView, RequestBody, RequestContext } from "./contract.ts";
import { decodeObject, defaultAndConvert } from "./decode.ts";
import { hasStatusSubresource, recordOwnership } from "./managed-fields.ts";
import { attributesOf, keyOf, Settlement, strategyContext, type RegistryCore, type Target } from "./target.ts";

/** How often another random suffix is tried, as upstream. */
const nameAttempts = 8;
/** Longer prefixes are cut, so that the suffix fits into a DNS label. */
const generatedPrefixLength = 58;

/** Serves a POST to a collection. */
export async function createObject(core: RegistryCore, target: Target, context: RequestContext, body: RequestBody): Promise<ObjectView> {
  const object = await decodeObject(target, context, body);
  settleNamespace(target, object);
  if (object.metadata.resourceVersion !== undefined && object.metadata.resourceVersion !== "") {
    throw newBadRequest("resourceVersion should not be set on objects to be created");
  }
  delete object.metadata.resourceVersion;
  return insertObject(core, target, context, { object: defaultAndConvert(target, object), isOwned: false });
}

export interface NewObject {
  /** In the storage version; belongs to the insertion from now on. */
  readonly object: UnstructuredObject;
  /** It carries its managedFields already (server-side apply). */
  readonly isOwned: boolean;
}

/** Admits, validates and stores a new object. */
export async function insertObject(core: RegistryCore, target: Target, context: RequestContext, added: NewObject): Promise<ObjectView> {
  const settlement = new Settlement();
  let created: CachedObject | undefined;
  try {
    created = await insert(core, target, context, { ...added, settlement });
  } finally {
    settlement.settle(created !== undefined && !context.isDryRun);
  }
  const { definition, version } = target.served;
  return context.isDryRun ? withoutVersion(created.view(definition, version)) : created.view(definition, version);
}

interface Insertion extends NewObject {
  readonly settlement: Settlement;
}

async function insert(core: RegistryCore, target: Target, context: RequestContext, insertion: Insertion): Promise<CachedObject> {
  const { object, settlement } = insertion;
  const { strategy, isCustom } = target.form.definition;
  const strategyInput = strategyContext(core, target, context);
  fillSystemFields(core, object, strategyInput.now);
  if (isCustom && hasStatusSubresource(target)) delete object["status"];
  // What plug-ins and the strategy add has no owner, as upstream.
  if (!insertion.isOwned) recordOwnership(target, context, { object, old: undefined, now: strategyInput.now });
  const requestName = object.metadata.name ?? "";
  const presentName = requestName === "" ? (object.metadata.generateName ?? "") : requestName;
  const attributes = attributesOf(target, { operation: "CREATE", context, name: presentName, requestName, object, settlement });
  await mutateWithinLimits(core.admission, target, { ...attributes, object });
  const { metadata } = object;
  const generateName = (metadata.name ?? "") === "" ? (metadata.generateName ?? "") : "";
  if (generateName !== "") metadata.name = generatedName(core, generateName);
  const name = metadata.name ?? "";
  await strategy.load?.(object);
  strategy.prepareForCreate?.(object, strategyInput);
  fillStatus(target, object);
  const rules = { isNamespaced: target.form.definition.isNamespaced, validateName: strategy.validateName?.bind(strategy) };
  const errors = validateObjectMeta(metadata, rules);
  errors.push(...(await versionErrors(target, context, { object })), ...(strategy.validateCreate?.(object, strategyInput) ?? []));
  refuseInvalid(target, name, errors);
  warnAbout(target, context, object);
  await core.admission.validate({ ...attributes, name, requestName: name });
  return commitNew(core, target, context, { object, generateName });
}

/** The status that clients may not set is written all the same, in full. */
function fillStatus({ form }: Target, object: UnstructuredObject): void {
  const schema = form.definition.isCustom ? undefined : form.version.schema.properties?.["status"];
  if (schema?.zero !== undefined) object["status"] = normalise(schema, object["status"] ?? {}).value;
}

/** Whatever clients say, these are the server's. */
function fillSystemFields(core: RegistryCore, object: UnstructuredObject, now: string): void {
  const { metadata } = object;
  metadata.uid = randomUuid(core.random);
  metadata.creationTimestamp = now;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.generation;
}

function generatedName(core: RegistryCore, prefix: string): string {
  return prefix.slice(0, generatedPrefixLength) + randomNameSuffix(core.random);
}

async function commitNew(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { object, generateName }: { object: UnstructuredObject; generateName: string },
): Promise<CachedObject> {
  const attempts = generateName === "" ? 1 : nameAttempts;
  let name = object.metadata.name ?? "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) name = object.metadata.name = generatedName(core, generateName);
    if (target.cache.get(keyOf(target, name)) !== undefined) continue;
    const created = await commitObject(core, target, object, { name, revision: 0, context });
    if (created !== undefined) return created;
  }
  throw generateName === "" ? newAlreadyExists(target.qualified, name) : newGenerateNameConflict(target.qualified, name);
}

/** What was only tried has no version. */
function withoutVersion(view: ObjectView): ObjectView {
  const object = cloneJson(view.object) as UnstructuredObject;
  delete object.metadata.resourceVersion;
  return { object, bytes: () => encodeObject(object) };
}
