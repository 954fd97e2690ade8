import { invalidField, newBadRequest, newInvalid, type UnstructuredObject } from "@coracle/apimachinery";
import type { Authenticator } from "../authentication/authenticator.ts";
import type { ActionHandler, UserInfo } from "../registry/contract.ts";
import { attributesFor, type Attributes, type Authorizer } from "./attributes.ts";
import type { RbacAuthorizer } from "./rbac-authorizer.ts";
import type { PolicyRule } from "./rules.ts";

interface AccessSpec {
  readonly resourceAttributes?: {
    readonly namespace?: string;
    readonly verb?: string;
    readonly group?: string;
    readonly version?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly name?: string;
  };
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly uid?: string;
}

export interface ReviewOptions {
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly authenticator: Pick<Authenticator, "authenticateToken">;
}

/** Handlers of the review kinds, by `resource.group`. */
export function createReviewHandlers(options: ReviewOptions): Map<string, ActionHandler> {
  const { authorizer } = options;
  return new Map<string, ActionHandler>([
    ["selfsubjectaccessreviews.authorization.k8s.io", async (context, _address, object) => reviewAccess(authorizer, context.user, object)],
    [
      "subjectaccessreviews.authorization.k8s.io",
      async (_context, _address, object) => reviewAccess(authorizer, userOf(specOf<AccessSpec>(object), object.kind), object),
    ],
    [
      "localsubjectaccessreviews.authorization.k8s.io",
      async (_context, address, object) => {
        const spec = specOf<AccessSpec>(object);
        if (spec.resourceAttributes?.namespace !== address.namespace) {
          throw newBadRequest(`spec.resourceAttributes.namespace must match namespace: ${address.namespace}`);
        }
        const review = reviewAccess(authorizer, userOf(spec, object.kind), object);
        return { ...review, metadata: { ...review.metadata, namespace: address.namespace } };
      },
    ],
    ["selfsubjectrulesreviews.authorization.k8s.io", async (context, _address, object) => reviewRules(options.rbac, context.user, object)],
    [
      "selfsubjectreviews.authentication.k8s.io",
      async (context, _address, object) => ({ ...object, status: { userInfo: userInfoOf(context.user) } }),
    ],
    ["tokenreviews.authentication.k8s.io", async (_context, _address, object) => reviewToken(options.authenticator, object)],
  ]);
}

function reviewAccess(authorizer: Authorizer, user: UserInfo, object: UnstructuredObject): UnstructuredObject {
  const spec = specOf<AccessSpec>(object);
  const { resourceAttributes, nonResourceAttributes } = spec;
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    const detail =
      resourceAttributes === undefined
        ? "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        : "cannot be specified in combination with resourceAttributes";
    const field = resourceAttributes === undefined ? "spec.resourceAttributes" : "spec.nonResourceAttributes";
    const kind = { group: "authorization.k8s.io", kind: object.kind };
    throw newInvalid(kind, "", [invalidField(field, resourceAttributes === undefined ? null : nonResourceAttributes, detail)]);
  }
  const decision = authorizer.authorize(attributesOfSpec(user, spec));
  const status = {
    allowed: decision.type === "allow",
    ...(decision.type === "deny" && { denied: true }),
    ...(decision.reason !== "" && { reason: decision.reason }),
  };
  return { ...object, status };
}

function attributesOfSpec(user: UserInfo, { resourceAttributes: asked, nonResourceAttributes: path }: AccessSpec): Attributes {
  if (asked === undefined) return attributesFor(user, { verb: path?.verb ?? "", path: path?.path ?? "" });
  const { verb = "", group = "", version = "", resource = "", subresource = "", namespace = "", name = "" } = asked;
  return attributesFor(user, { verb, group, version, resource, subresource, namespace, name });
}

function reviewRules(rbac: RbacAuthorizer, user: UserInfo, object: UnstructuredObject): UnstructuredObject {
  const { namespace = "" } = specOf<{ namespace?: string }>(object);
  if (namespace === "") throw newBadRequest("no namespace on request");
  const rules = rbac.rulesOf(user, namespace);
  const resourceRules = rules
    .filter((rule) => (rule.resources ?? []).length > 0)
    .map((rule) => pick(rule, ["verbs", "apiGroups", "resources", "resourceNames"]));
  const nonResourceRules = rules
    .filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
    .map((rule) => pick(rule, ["verbs", "nonResourceURLs"]));
  return { ...object, status: { resourceRules, nonResourceRules, incomplete: false } };
}

function pick(rule: PolicyRule, names: readonly (keyof PolicyRule)[]): Partial<PolicyRule> {
  return Object.fromEntries(names.filter((name) => rule[name] !== undefined).map((name) => [name, rule[name]]));
}

async function reviewToken(authenticator: ReviewOptions["authenticator"], object: UnstructuredObject): Promise<UnstructuredObject> {
  const { token = "", audiences = [] } = specOf<{ token?: string; audiences?: string[] }>(object);
  if (token === "") throw newBadRequest("token is required for TokenReview in authentication");
  const found = await authenticator.authenticateToken(token, audiences.length === 0 ? undefined : audiences);
  if (found === undefined) return { ...object, status: { user: {}, error: "[invalid bearer token]" } };
  return { ...object, status: { authenticated: true, user: userInfoOf(found.user), audiences: found.audiences } };
}

/** `authentication/v1.UserInfo`. */
function userInfoOf(user: UserInfo): Record<string, unknown> {
  const { name, uid, groups, extra } = user;
  return { username: name, ...(uid !== undefined && uid !== "" && { uid }), groups, ...(extra !== undefined && { extra }) };
}

function userOf(spec: AccessSpec, kind: string): UserInfo {
  const { user = "", groups = [], extra, uid } = spec;
  if (user === "" && groups.length === 0) {
    const problem = invalidField("spec.user", "", "at least one of user or group must be specified");
    throw newInvalid({ group: "authorization.k8s.io", kind }, "", [problem]);
  }
  return { name: user, groups, ...(uid !== undefined && { uid }), ...(extra !== undefined && { extra }) };
}

function specOf<T extends object>(object: UnstructuredObject): Partial<T> {
  return (object["spec"] ?? {}) as Partial<T>;
}
