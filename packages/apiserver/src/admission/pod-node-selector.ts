import { newForbidden, newInternalError } from "@coracle/apimachinery";
import type { Pod } from "@coracle/api";
import { isAbout, type AdmissionAttributes, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";
import { findNamespace } from "./matching/index.ts";

const annotation = "scheduler.alpha.kubernetes.io/node-selector";

/** Pods run on the nodes that their namespace's annotation selects (`disk=fast,tier=gold`). Off unless it is asked for. */
export const podNodeSelector: AdmissionPlugin = {
  name: "PodNodeSelector",
  handles: (attributes) => isAbout(attributes, "pods", "CREATE"),

  async mutate(attributes, environment) {
    const pod = attributes.object as unknown as Pod;
    const wanted = await agreedSelector(attributes, environment);
    if (pod.spec !== undefined && Object.keys(wanted).length > 0) pod.spec.nodeSelector = { ...wanted, ...pod.spec.nodeSelector };
  },

  async validate(attributes, environment) {
    await agreedSelector(attributes, environment);
  },
};

/** What the namespace selects. @throws {StatusError} 403 when the pod selects something else. */
async function agreedSelector(attributes: AdmissionAttributes, environment: AdmissionEnvironment): Promise<Record<string, string>> {
  const { namespace, definition, name, object } = attributes;
  const { metadata } = await findNamespace(namespace, environment);
  const wanted = parse(metadata.annotations?.[annotation] ?? "");
  const own = (object as unknown as Pod).spec?.nodeSelector ?? {};
  if (Object.entries(own).some(([key, value]) => wanted[key] !== undefined && wanted[key] !== value))
    throw newForbidden(definition, name, "pod node label selector conflicts with its namespace node label selector");
  return wanted;
}

function parse(selector: string): Record<string, string> {
  if (selector === "") return {};
  return Object.fromEntries(
    selector.split(",").map((part) => {
      const [key = "", value, ...rest] = part.split("=");
      if (value === undefined || rest.length > 0) throw newInternalError(new Error(`invalid selector: [${part}]`));
      return [key.trim(), value.trim()];
    }),
  );
}
