import { newInternalError, StatusError, type UnstructuredObject } from "@coracle/apimachinery";
import { qosClass, type Pod, type Toleration } from "@coracle/api";
import { isAbout, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";
import { findNamespace } from "./matching/index.ts";
import { covers, mergeTolerations } from "./tolerations.ts";

const defaultsAnnotation = "scheduler.alpha.kubernetes.io/defaultTolerations";
const allowedAnnotation = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";
const memoryPressure: Toleration = { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" };

/**
 * Pods get the tolerations that their namespace's annotation lists, and may have only those that another one allows; both hold JSON. Off unless
 * it is asked for. Upstream can be given lists for all namespaces; here there are none.
 */
export const podTolerationRestriction: AdmissionPlugin = {
  name: "PodTolerationRestriction",
  handles: (attributes) => isAbout(attributes, "pods") && (attributes.operation === "CREATE" || attributes.operation === "UPDATE"),

  async mutate(attributes, environment) {
    const { spec } = attributes.object as unknown as Pod;
    if (spec === undefined) return;
    const { metadata } = await findNamespace(attributes.namespace, environment);
    const extra = attributes.operation === "CREATE" ? (listed(metadata, defaultsAnnotation) ?? []) : [];
    if (qosClass(attributes.object as unknown as Pod) !== "BestEffort") extra.push(memoryPressure);
    if (extra.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], extra);
    await requireAllowed(attributes, environment);
  },

  validate: (attributes, environment) => requireAllowed(attributes, environment),
};

/** @throws {StatusError} 500, as upstream. */
async function requireAllowed({ object, namespace }: AdmissionAttributes, environment: AdmissionEnvironment): Promise<void> {
  const tolerations = (object as unknown as Pod).spec?.tolerations ?? [];
  if (tolerations.length === 0) return;
  const allowed = listed((await findNamespace(namespace, environment)).metadata, allowedAnnotation) ?? [];
  if (allowed.length === 0 || tolerations.every((each) => allowed.some((other) => covers(other, each)))) return;
  const message = "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist";
  throw new StatusError({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 });
}

/** The tolerations of an annotation; undefined when there is none. */
function listed({ annotations }: UnstructuredObject["metadata"], name: string): Toleration[] | undefined {
  const text = annotations?.[name];
  if (text === undefined) return undefined;
  if (text === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value as Toleration[];
  } catch (error) {
    throw newInternalError(error as Error);
  }
  throw newInternalError(new Error(`annotation ${name} is no list of tolerations`));
}
