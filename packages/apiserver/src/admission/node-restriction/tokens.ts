import { newNotFound, quoteText } from "@coracle/apimachinery";
import type { CSIDriver, PersistentVolume, PersistentVolumeClaim, Pod, TokenRequest, Volume } from "@coracle/api";
import { attributesFor } from "../../authorization/attributes.ts";
import type { AdmissionEnvironment } from "../admission.ts";
import type { NodeRequest } from "./node-request.ts";

/** A node gets tokens for the pods that it runs, and for audiences that they name (KEP-4935). */
export function checkServiceAccount(request: NodeRequest): void {
  const { attributes, environment, node, refuse } = request;
  if (attributes.operation !== "CREATE" || attributes.subresource !== "token") return;
  const { spec } = attributes.object as unknown as TokenRequest;
  const reference = spec?.boundObjectRef;
  if (reference?.apiVersion !== "v1" || reference.kind !== "Pod" || !reference.name)
    return refuse("node requested token not bound to a pod");
  if (!reference.uid) refuse("node requested token with a pod binding without a uid");
  const pod = environment.get("pods", attributes.namespace, reference.name) as unknown as Pod | undefined;
  if (pod === undefined) throw newNotFound({ group: "", resource: "pod" }, reference.name);
  if (reference.uid !== pod.metadata.uid) {
    const problem = `the UID in the bound object reference (${reference.uid}) does not match the UID in record`;
    refuse(`${problem}. The object might have been deleted and then recreated`);
  }
  if (pod.spec?.nodeName !== node) refuse("node requested token bound to a pod scheduled on a different node");
  checkAudience(request, spec?.audiences ?? [], pod);
}

function checkAudience({ attributes, authorize, environment, refuse }: NodeRequest, audiences: readonly string[], pod: Pod): void {
  if (audiences.length > 1) refuse("node may only request 0 or 1 audiences");
  const [audience = ""] = audiences;
  if ((pod.spec?.volumes ?? []).some((volume) => namesAudience(volume, audience, { pod, environment }))) return;
  const { user } = attributes.context;
  const asked = {
    verb: "request-serviceaccounts-token-audience",
    namespace: attributes.namespace,
    version: "v1",
    resource: audience,
    name: attributes.name,
  };
  if (authorize(attributesFor(user, asked)).type === "allow") return;
  const who = `${user.name} is not authorized to request tokens for this audience`;
  refuse(`audience ${quoteText(audience)} not found in pod spec volume, ${who}`);
}

interface Context {
  readonly pod: Pod;
  readonly environment: AdmissionEnvironment;
}

/** By a projection of a token, or by the driver of the volume, which gets tokens too. */
function namesAudience(volume: Volume, audience: string, context: Context): boolean {
  const projections = volume.projected?.sources ?? [];
  if (projections.some(({ serviceAccountToken: token }) => token && (token.audience ?? "") === audience)) return true;
  const name = driverOf(volume, context);
  const driver = context.environment.get("csidrivers.storage.k8s.io", "", name) as unknown as CSIDriver | undefined;
  return (driver?.spec.tokenRequests ?? []).some((request) => request.audience === audience);
}

function driverOf(volume: Volume, { pod, environment }: Context): string {
  if (volume.csi) return volume.csi.driver;
  const claimName = volume.ephemeral ? `${pod.metadata.name ?? ""}-${volume.name}` : volume.persistentVolumeClaim?.claimName;
  if (!claimName) return "";
  const claim = environment.get("persistentvolumeclaims", pod.metadata.namespace ?? "", claimName) as unknown as
    | PersistentVolumeClaim
    | undefined;
  const name = claim?.spec?.volumeName ?? "";
  const persistent = environment.get("persistentvolumes", "", name) as unknown as PersistentVolume | undefined;
  return persistent?.spec?.csi?.driver ?? "";
}
