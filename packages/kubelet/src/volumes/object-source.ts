import { hasReason, type KubeObject, type ResourceType } from "@coracle/apimachinery";
import { resources, type ConfigMap, type PersistentVolume, type PersistentVolumeClaim, type Secret } from "@coracle/api";
import type { Client } from "@coracle/client";

/** Objects that pods refer to; undefined when there is none. */
export interface ObjectSource {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined>;
  volume(name: string): Promise<PersistentVolume | undefined>;
}

/**
 * Reads each object when it is needed. A node may read what its own pods refer to and nothing else, so it cannot list or watch these; and in one
 * process a GET is answered from the watch cache.
 */
export function createObjectSource(client: Client): ObjectSource {
  const read = async <T extends KubeObject>(
    resource: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined> => {
    try {
      return await client.resource(resource, namespace).get(name);
    } catch (error) {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    }
  };
  return {
    configMap: (namespace, name) => read(resources.configMaps, namespace, name),
    secret: (namespace, name) => read(resources.secrets, namespace, name),
    claim: (namespace, name) => read(resources.persistentVolumeClaims, namespace, name),
    volume: (name) => read(resources.persistentVolumes, undefined, name),
  };
}
