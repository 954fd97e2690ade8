import type { UserInfo } from "../registry/contract.ts";
import type { Attributes, Authorizer, Decision } from "./attributes.ts";
import { claimsOf, podsOf, podUsesConfigMap, podUsesSecret, type NodeSource, type PodReferences } from "./node-source.ts";
import type { RbacSource } from "./rbac-source.ts";
import { ruleAllows } from "./rules.ts";

const userPrefix = "system:node:";
const nodesGroup = "system:nodes";
const nodeRole = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:node" };
const readVerbs = new Set(["get", "list", "watch"]);

/**
 * Allows nodes what the role `system:node` allows, narrowed: they read secrets, configmaps, claims, volumes and ask for service account
 * tokens only on behalf of pods that are bound to them, and change only their own Node, Lease, CSINode and pods.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #rbac: RbacSource;
  readonly #source: NodeSource;

  constructor(rbac: RbacSource, source: NodeSource) {
    this.#rbac = rbac;
    this.#source = source;
  }

  authorize(attributes: Attributes): Decision {
    const nodeName = nodeNameOf(attributes.user);
    if (nodeName === undefined) return noOpinion("");
    const refusal = attributes.isResourceRequest ? this.#refusal(nodeName, attributes) : undefined;
    if (refusal !== undefined) return noOpinion(refusal);
    // Allowed by the graph, though the role itself only grants it in general.
    const rules = this.#rbac.rules(nodeRole, "") ?? [];
    return rules.some((rule) => ruleAllows(rule, attributes)) ? { type: "allow", reason: "" } : noOpinion("");
  }

  /** Why the node has no business with the object; undefined when it has. */
  #refusal(nodeName: string, attributes: Attributes): string | undefined {
    const { group, resource, subresource, verb, namespace, name } = attributes;
    if (group === "coordination.k8s.io" && resource === "leases") return this.#ofLease(nodeName, attributes);
    if (group === "storage.k8s.io" && resource === "csinodes") return ownOnly(nodeName, attributes, "CSINode");
    if (group !== "") return undefined;
    switch (resource) {
      case "nodes":
        return readVerbs.has(verb) ? undefined : ownOnly(nodeName, attributes, "node");
      case "pods":
        return this.#ofPod(nodeName, attributes);
      case "secrets":
        return this.#read(nodeName, attributes, (pod) => podUsesSecret(pod, name));
      case "configmaps":
        return this.#read(nodeName, attributes, (pod) => podUsesConfigMap(pod, name));
      case "persistentvolumeclaims":
        return this.#related(nodeName, namespace, (pod) => claimsOf(pod).includes(name));
      case "persistentvolumes":
        return this.#related(nodeName, "", (pod) => this.#mounts(pod, name));
      case "serviceaccounts":
        if (subresource === "token")
          return this.#related(nodeName, namespace, (pod) => (pod.spec?.serviceAccountName ?? "default") === name);
        return this.#read(nodeName, attributes, (pod) => (pod.spec?.serviceAccountName ?? "default") === name);
      default:
        return undefined;
    }
  }

  #ofLease(nodeName: string, { verb, namespace, name }: Attributes): string | undefined {
    if (namespace !== "kube-node-lease") return 'can only access leases in the "kube-node-lease" system namespace';
    // The name of what is created is in the body; admission sees it.
    return verb === "create" || name === nodeName ? undefined : "can only access node lease with the same name as the requesting node";
  }

  #ofPod(nodeName: string, { verb, namespace, name }: Attributes): string | undefined {
    if (readVerbs.has(verb) || verb === "create" || verb === "deletecollection") return undefined;
    const pod = this.#source.pods.get(`${namespace}/${name}`);
    return pod === undefined || pod.spec?.nodeName === nodeName ? undefined : `can only change pods with spec.nodeName set to ${nodeName}`;
  }

  #read(nodeName: string, attributes: Attributes, uses: (pod: PodReferences) => boolean): string | undefined {
    if (!readVerbs.has(attributes.verb)) return "can only read resources of this type";
    if (attributes.subresource !== "") return "cannot read subresource";
    if (attributes.name === "") return "No Object name found";
    return this.#related(nodeName, attributes.namespace, uses);
  }

  #related(nodeName: string, namespace: string, uses: (pod: PodReferences) => boolean): string | undefined {
    const pods = podsOf(this.#source, nodeName);
    const isRelated = pods.some((pod) => (namespace === "" || pod.metadata.namespace === namespace) && uses(pod));
    return isRelated ? undefined : `no relationship found between node '${nodeName}' and this object`;
  }

  #mounts(pod: PodReferences, volumeName: string): boolean {
    const { namespace = "" } = pod.metadata;
    return claimsOf(pod).some((claim) => this.#source.claims.get(`${namespace}/${claim}`)?.spec?.volumeName === volumeName);
  }
}

/** The node that a user is; undefined for other users. */
export function nodeNameOf(user: UserInfo): string | undefined {
  if (!user.name.startsWith(userPrefix) || !user.groups.includes(nodesGroup)) return undefined;
  return user.name.slice(userPrefix.length);
}

function ownOnly(nodeName: string, { verb, name }: Attributes, what: string): string | undefined {
  return verb === "create" || name === nodeName ? undefined : `can only access ${what} with the same name as the requesting node`;
}

function noOpinion(reason: string): Decision {
  return { type: "no-opinion", reason };
}
