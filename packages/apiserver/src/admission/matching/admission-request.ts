import type { GroupVersionKind } from "@coracle/apimachinery";
import type { AdmissionAttributes } from "../admission.ts";
import type { Sight } from "./admitted-objects.ts";
import { requestedSight } from "./equivalents.ts";
import { namespaceOf } from "./selectors.ts";

interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** What webhooks and expressions are told of a request, without its objects (admission.k8s.io, AdmissionRequest). */
export interface AdmissionRequestBody {
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  readonly subResource?: string;
  readonly requestKind: GroupVersionKind;
  readonly requestResource: GroupVersionResource;
  readonly requestSubResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: AdmissionAttributes["operation"];
  readonly userInfo: {
    readonly username?: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly dryRun: boolean;
  readonly options: Readonly<Record<string, unknown>> | null;
}

/** The request as it is seen under another name; fields that are empty are left out, as upstream. */
export function admissionRequest(attributes: AdmissionAttributes, sight: Sight): AdmissionRequestBody {
  const { subresource, requestName, operation, context, options } = attributes;
  const requested = requestedSight(attributes);
  const namespace = namespaceOf(attributes);
  return {
    kind: gvkIn(sight),
    resource: gvrIn(sight),
    ...(subresource !== "" && { subResource: subresource }),
    requestKind: gvkIn(requested),
    requestResource: gvrIn(requested),
    ...(subresource !== "" && { requestSubResource: subresource }),
    ...(requestName !== "" && { name: requestName }),
    ...(namespace !== "" && { namespace }),
    operation,
    userInfo: userInfo(context.user),
    dryRun: operation !== "CONNECT" && context.isDryRun,
    options: options ?? null,
  };
}

function gvkIn({ kind: { group, version, kind } }: Sight): GroupVersionKind {
  return { group, version, kind };
}

function gvrIn({ definition, version }: Sight): GroupVersionResource {
  return { group: definition.group, version: version.version, resource: definition.resource };
}

function userInfo({ name, uid = "", groups, extra = {} }: AdmissionAttributes["context"]["user"]): AdmissionRequestBody["userInfo"] {
  return {
    ...(name !== "" && { username: name }),
    ...(uid !== "" && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
