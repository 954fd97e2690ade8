import { setField } from "@coracle/apimachinery";
import { objectAt, objectsAt, rename, type Fields } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

/** `extensions/v1beta1` and `networking.k8s.io/v1beta1`: a backend names its service and the service's port side by side. */
export const ingressForm: VersionForm = {
  toStorage(object) {
    rename(objectAt(object, "spec"), "backend", "defaultBackend");
    for (const backend of backendsOf(object)) nestService(backend);
  },
  fromStorage(object) {
    for (const backend of backendsOf(object)) flattenService(backend);
    rename(objectAt(object, "spec"), "defaultBackend", "backend");
  },
};

/** Under their name in the stored version. */
function backendsOf(object: object): Fields[] {
  const paths = objectsAt(object, "spec", "rules").flatMap((rule) => objectsAt(rule, "http", "paths"));
  const backends = [objectAt(object, "spec", "defaultBackend"), ...paths.map((path) => objectAt(path, "backend"))];
  return backends.filter((backend) => backend !== undefined);
}

function nestService(backend: Fields): void {
  const { serviceName = "", servicePort = 0 } = backend;
  if (serviceName === "" && servicePort === 0) return;
  const port = typeof servicePort === "string" ? { name: servicePort } : { number: servicePort };
  setField(backend, "service", { name: serviceName, port: servicePort === "" || servicePort === 0 ? {} : port });
}

/** `servicePort` has a value even where no service is named: it is no pointer upstream. */
function flattenService(backend: Fields): void {
  const service = objectAt(backend, "service");
  const { name, number } = objectAt(service, "port") ?? {};
  if ((service?.["name"] ?? "") !== "") backend["serviceName"] = service?.["name"];
  backend["servicePort"] = name ?? number ?? 0;
}
