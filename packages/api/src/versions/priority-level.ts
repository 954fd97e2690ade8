import { objectAt, rename, setAnnotation, type Fields } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

const sharesByDefault = 30;
const keepsZeroAnnotation = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

function limitedOf(object: object): Fields | undefined {
  return objectAt(object, "spec", "limited");
}

/** `flowcontrol.apiserver.k8s.io/v1beta1` and `v1beta2`: the shares have another name, and 0 means the default. */
export const assuredSharesForm: VersionForm = {
  toStorage: (object) => rename(limitedOf(object), "assuredConcurrencyShares", "nominalConcurrencyShares"),
  fromStorage: (object) => rename(limitedOf(object), "nominalConcurrencyShares", "assuredConcurrencyShares"),
  applyDefaults(object) {
    const limited = limitedOf(object);
    if (limited?.["assuredConcurrencyShares"] === 0) limited["assuredConcurrencyShares"] = sharesByDefault;
  },
};

/** `v1beta3`: 0 means the default unless an annotation says that it is meant. */
export const nominalSharesForm: VersionForm = {
  toStorage: (object) => setAnnotation(object, keepsZeroAnnotation, undefined),
  fromStorage(object) {
    if (limitedOf(object)?.["nominalConcurrencyShares"] === 0) setAnnotation(object, keepsZeroAnnotation, "");
  },
  applyDefaults(object) {
    const limited = limitedOf(object);
    if (limited === undefined || object.metadata.annotations?.[keepsZeroAnnotation] !== undefined) return;
    limited["nominalConcurrencyShares"] ||= sharesByDefault;
  },
};
