import { objectAt } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

/** `node.k8s.io/v1alpha1`: what became the object's own fields was a spec. */
export const runtimeClassForm: VersionForm = {
  toStorage(object) {
    const { runtimeHandler = "", overhead, scheduling } = objectAt(object, "spec") ?? {};
    object["handler"] = runtimeHandler;
    if (overhead !== undefined) object["overhead"] = overhead;
    if (scheduling !== undefined) object["scheduling"] = scheduling;
  },
  fromStorage(object) {
    const { handler, overhead, scheduling } = object;
    object["spec"] = {
      runtimeHandler: handler,
      ...(overhead !== undefined && { overhead }),
      ...(scheduling !== undefined && { scheduling }),
    };
  },
};
