import { newBadRequest, type KubeObject } from "@coracle/apimachinery";

interface Named {
  readonly name: string;
}

/** The fields of a pod that say where its containers are. */
export interface ProxiedPod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly (Named & { readonly ports?: readonly { readonly containerPort: number }[] })[];
    readonly initContainers?: readonly Named[];
    readonly ephemeralContainers?: readonly Named[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string; readonly podIPs?: readonly { readonly ip: string }[] };
}

/** The container that a request means: the named one, else the only one. @throws {StatusError} 400. */
export function chooseContainer(pod: ProxiedPod, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const { name = "" } = pod.metadata;
  if (asked !== "") {
    const isPresent = [...containers, ...initContainers, ...ephemeralContainers].some((each) => each.name === asked);
    if (!isPresent) throw newBadRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  const [only, another] = containers;
  if (only !== undefined && another === undefined) return only.name;
  if (only === undefined) throw newBadRequest(`a container name must be specified for pod ${name}`);
  const choice = `a container name must be specified for pod ${name}, choose one of: ${listNames(containers)}`;
  throw newBadRequest(initContainers.length === 0 ? choice : `${choice} or one of the init containers: ${listNames(initContainers)}`);
}

function listNames(containers: readonly Named[]): string {
  return `[${containers.map(({ name }) => name).join(" ")}]`;
}
