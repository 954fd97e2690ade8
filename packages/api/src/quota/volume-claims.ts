import {
  compareQuantities,
  deepEqual,
  parseQuantity,
  quantityFromInteger,
  quantityValue,
  type Quantity,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { PersistentVolumeClaim } from "../generated/types.ts";
import { objectCountName, type QuotaEvaluator } from "./evaluator.ts";
import { selectsScopeValue } from "./scope-selector.ts";

const countName = objectCountName("persistentvolumeclaims");
const perClassNames = ["persistentvolumeclaims", "requests.storage"];
const classInfix = ".storageclass.storage.k8s.io/";
const oldClassAnnotation = "volume.beta.kubernetes.io/storage-class";

/** Claims use themselves and their storage, both also under the name of their storage class. */
export const volumeClaimEvaluator: QuotaEvaluator = {
  resource: "persistentvolumeclaims",
  matching: (asked) =>
    [...new Set(asked)].filter(
      (name) => name === countName || perClassNames.some((each) => name === each || name.endsWith(classInfix + each)),
    ),
  handles({ operation, subresource, object, old }) {
    if (subresource === "status") return old !== undefined && isReplenishing(old, object);
    return subresource === "" && (operation === "CREATE" || operation === "UPDATE");
  },
  matchesScope: (scope, object) =>
    scope.scopeName === "VolumeAttributesClass" && selectsScopeValue(scope, attributesClasses(claimOf(object))),
  usage(object) {
    const claim = claimOf(object);
    const used = new Map<string, Quantity>([[countName, quantityFromInteger(1)]]);
    const className = storageClassOf(claim);
    const charge = (name: string, quantity: Quantity): void => {
      used.set(name, quantity);
      if (className !== "") used.set(className + classInfix + name, quantity);
    };
    charge("persistentvolumeclaims", quantityFromInteger(1));
    const storage = storageOf(claim);
    if (storage !== undefined) charge("requests.storage", storage);
    return used;
  },
  isReplenishing,
};

function claimOf(object: Readonly<UnstructuredObject>): PersistentVolumeClaim {
  return object as unknown as PersistentVolumeClaim;
}

function storageClassOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[oldClassAnnotation] ?? spec?.storageClassName ?? "";
}

/** What is asked for, or what a growth that was taken back still holds (KEP-1790); whole bytes. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const wanted = spec?.resources?.requests?.["storage"];
  if (wanted === undefined) return undefined;
  const [asked, held] = [parseQuantity(wanted), parseQuantity(status?.allocatedResources?.["storage"] ?? "0")];
  const most = compareQuantities(held, asked) > 0 ? held : asked;
  return quantityFromInteger(quantityValue(most), most.format);
}

function attributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {};
  const names = [spec?.volumeAttributesClassName, currentVolumeAttributesClassName, modifyVolumeStatus?.targetVolumeAttributesClassName];
  return [...new Set(names.flatMap((name) => (name === undefined || name === "" ? [] : [name])))].sort();
}

function isReplenishing(oldObject: Readonly<UnstructuredObject>, object: Readonly<UnstructuredObject>): boolean {
  const [old, claim] = [claimOf(oldObject), claimOf(object)];
  return (
    old.status?.allocatedResources?.["storage"] !== claim.status?.allocatedResources?.["storage"] ||
    !deepEqual(attributesClasses(old), attributesClasses(claim))
  );
}
