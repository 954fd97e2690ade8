import type { Schema } from "@coracle/apimachinery";
import { describeComponent } from "./descriptions.ts";
import type { Json, OpenApiVersion } from "./schema-writer.ts";

type ParameterType = "string" | "integer" | "boolean";

const query: Readonly<Record<string, readonly [type: ParameterType, description: string]>> = {
  allowWatchBookmarks: ["boolean", "whether the watch may have BOOKMARK events"],
  continue: ["string", "the token of the last page, for the next one"],
  dryRun: ["string", "All: go through every stage, but store nothing"],
  fieldManager: ["string", "who makes the change"],
  fieldSelector: ["string", "only objects whose fields match"],
  fieldValidation: ["string", "what unknown and duplicate fields do: Ignore, Warn or Strict"],
  force: ["boolean", "take fields from other managers (apply only)"],
  gracePeriodSeconds: ["integer", "seconds until the object goes; 0 is at once"],
  ignoreStoreReadErrorWithClusterBreakingPotential: ["boolean", "delete an object that can no longer be read"],
  labelSelector: ["string", "only objects whose labels match"],
  limit: ["integer", "how many objects an answer has at most"],
  orphanDependents: ["boolean", "deprecated, see propagationPolicy"],
  propagationPolicy: ["string", "what happens to dependents: Orphan, Background or Foreground"],
  resourceVersion: ["string", "from which version on the answer is"],
  resourceVersionMatch: ["string", "how resourceVersion is meant: Exact or NotOlderThan"],
  shardSelector: ["string", "only one share of all objects; an alpha feature, without effect here"],
  sendInitialEvents: ["boolean", "begin the watch with the objects that are there"],
  timeoutSeconds: ["integer", "how long a list or watch may take"],
  watch: ["boolean", "send changes as they come, instead of a list"],
};

const listing = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "shardSelector",
  "timeoutSeconds",
  "watch",
];
const writing = ["dryRun", "fieldManager", "fieldValidation"];
const deleting = [
  "dryRun",
  "gracePeriodSeconds",
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "orphanDependents",
  "propagationPolicy",
];
const ofAction: Readonly<Record<string, readonly string[]>> = {
  list: listing,
  post: writing,
  put: writing,
  patch: [...writing, "force"],
  delete: deleting,
  deletecollection: [...new Set([...deleting, ...listing.filter((name) => name !== "watch" && name !== "allowWatchBookmarks")])].sort(),
};

/** The query parameters of an action. */
export function queryParameters(version: OpenApiVersion, action: string): Json[] {
  return (ofAction[action] ?? []).map((name) => {
    const [type, description] = query[name] as readonly [ParameterType, string];
    return { name, in: "query", description, ...typeOf(version, type) };
  });
}

const log: Readonly<Record<string, readonly [type: ParameterType, description: string]>> = {
  container: ["string", "whose log; may be left out if the pod has just one container"],
  follow: ["boolean", "go on sending what is written"],
  insecureSkipTLSVerifyBackend: ["boolean", "do not check the certificate of the kubelet"],
  limitBytes: ["integer", "stop after so many bytes"],
  previous: ["boolean", "the log of the container's last run"],
  sinceSeconds: ["integer", "only lines that are not older than this"],
  stream: ["string", "All, Stdout or Stderr"],
  tailLines: ["integer", "only so many lines from the end"],
  timestamps: ["boolean", "put the time before each line"],
};

/** What a request for a container's log can say. */
export function logParameters(version: OpenApiVersion): Json[] {
  return Object.entries(log).map(([name, [type, description]]) => ({ name, in: "query", description, ...typeOf(version, type) }));
}

/** The fields of an options kind (`PodExecOptions`) as query parameters; lists are sent by repeating one. */
export function optionParameters(version: OpenApiVersion, schema: Schema | undefined): Json[] {
  const fields = Object.entries(schema?.properties ?? {}).filter(([name]) => name !== "apiVersion" && name !== "kind");
  return fields.map(([name, field]) => {
    const type = (field.items ?? field).type as ParameterType;
    const description = describeComponent(schema?.refName ?? "", name);
    return { name, in: "query", ...(description !== undefined && { description }), ...typeOf(version, type) };
  });
}

/** The parameters that all operations of a path share. */
export function pathParameters(version: OpenApiVersion, path: string): Json[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
  const inPath = names.map((name) => ({ name, in: "path", required: true, ...typeOf(version, "string") }));
  return [...inPath, { name: "pretty", in: "query", ...typeOf(version, "string") }];
}

/**
 * The operations of a path, with the parameters that all of them take told once, beside those of the path; as upstream, by name. Bodies stay
 * where they are.
 */
export function withShared(operations: Readonly<Record<string, Json>>, ofPath: readonly Json[]): Json {
  const all = Object.values(operations).map(queryOf);
  const common = (all[0] ?? []).filter(({ name }) => all.every((parameters) => parameters.some((each) => each["name"] === name)));
  const shared = new Set(common.map(({ name }) => name));
  const parameters = [...ofPath, ...common].sort((left, right) => compareTexts(String(left["name"]), String(right["name"])));
  return { ...Object.fromEntries(Object.entries(operations).map(([method, each]) => [method, without(each, shared)])), parameters };
}

function queryOf(operation: Json): readonly Json[] {
  return ((operation["parameters"] ?? []) as readonly Json[]).filter((parameter) => parameter["in"] === "query");
}

function without({ parameters, ...operation }: Json, names: ReadonlySet<unknown>): Json {
  const rest = ((parameters ?? []) as readonly Json[]).filter((each) => each["in"] === "body" || !names.has(each["name"]));
  return rest.length === 0 ? operation : { ...operation, parameters: rest };
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function typeOf(version: OpenApiVersion, type: ParameterType): Json {
  const schema = { type, uniqueItems: true };
  return version === 2 ? schema : { schema };
}
