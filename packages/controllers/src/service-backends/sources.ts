import { resources, type Pod } from "@coracle/api";
import { deepEqual, objectKey } from "@coracle/apimachinery";
import type { Client } from "@coracle/client";
import { mapped, watchFor, type Source } from "@coracle/operator";
import { isPodReady, selectsPod } from "./backends.ts";

/** What both endpoint controllers watch: Services, and pods whose change matters to the Services that select them. */
export function backendSources(client: Client): Source[] {
  const services = client.informer(resources.services);
  const selecting = (pod: Pod): string[] =>
    services
      .list(pod.metadata.namespace)
      .filter((service) => selectsPod(service, pod))
      .map(objectKey);
  const matters = (_event: string, pod: Pod, old: Pod | undefined): boolean => old === undefined || isEndpointChange(pod, old);
  return [watchFor(resources.services), mapped(resources.pods, selecting, matters)];
}

/** Whether an endpoint, or which Services the pod belongs to, may be another than before. */
function isEndpointChange(pod: Pod, old: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    pod.status?.phase !== old.status?.phase ||
    isPodReady(pod) !== isPodReady(old) ||
    pod.spec?.hostname !== old.spec?.hostname ||
    pod.spec?.subdomain !== old.spec?.subdomain ||
    pod.spec?.nodeName !== old.spec?.nodeName ||
    !deepEqual(pod.status?.podIPs, old.status?.podIPs) ||
    !deepEqual(pod.metadata.labels, old.metadata.labels)
  );
}
