import { newForbidden } from "@coracle/apimachinery";
import type { AdmissionPlugin } from "./admission.ts";

/** Does nothing; old configurations name it. Off unless it is asked for. */
export const alwaysAdmit: AdmissionPlugin = { name: "AlwaysAdmit", handles: () => false };

/** Refuses every change, for tests of what clients make of that. Off unless it is asked for. */
export const alwaysDeny: AdmissionPlugin = {
  name: "AlwaysDeny",
  handles: () => true,
  validate({ definition, name }) {
    throw newForbidden(definition, name, "admission control is denying all modifications");
  },
};
