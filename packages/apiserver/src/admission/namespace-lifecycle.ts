import { newForbidden, newNotFound, type UnstructuredObject } from "@coracle/apimachinery";
import { isAbout, isResource, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";

/** A starting server makes these, and at once what is in them. */
const initial = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);
const initialAttempts = 20;
const initialPauseMs = 50;

const immortal = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is created in a namespace that does not exist or is going, and some namespaces stay. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: "NamespaceLifecycle",
  handles: (attributes) =>
    isAbout(attributes, "namespaces", "DELETE") ||
    (attributes.operation === "CREATE" && attributes.definition.isNamespaced && !isReview(attributes)),

  // In the mutating phase, so that it comes before plug-ins that look for things in the namespace.
  async mutate(attributes, environment) {
    if (attributes.operation === "DELETE") refuseImmortal(attributes);
    else await requireNamespace(attributes, environment);
  },
};

/** Asking about rights in a namespace that is going is no creation. */
function isReview({ definition }: AdmissionAttributes): boolean {
  return isResource(definition, "localsubjectaccessreviews.authorization.k8s.io");
}

function refuseImmortal({ name, definition }: AdmissionAttributes): void {
  if (immortal.has(name)) throw newForbidden(definition, name, "this namespace may not be deleted");
}

async function lookAgain(
  { namespace, context }: AdmissionAttributes,
  environment: AdmissionEnvironment,
): Promise<Readonly<UnstructuredObject> | undefined> {
  for (let attempt = 1; ; attempt++) {
    const found = await environment.getFresh("namespaces", "", namespace);
    if (found !== undefined || !initial.has(namespace) || attempt >= initialAttempts) return found;
    await environment.clock.sleep(initialPauseMs, context.signal);
  }
}

async function requireNamespace(attributes: AdmissionAttributes, environment: AdmissionEnvironment): Promise<void> {
  const { namespace, name, definition } = attributes;
  const found = environment.get("namespaces", "", namespace) ?? (await lookAgain(attributes, environment));
  if (found === undefined) throw newNotFound({ group: "", resource: "namespaces" }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const error = newForbidden(definition, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  error.status.details = { ...error.status.details, causes: [cause] };
  throw error;
}
