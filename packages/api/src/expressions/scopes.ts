import { celTypes, type CelExtension, type CelType } from "@coracle/apimachinery/cel";
import { namespaceType, requestType } from "./variable-types.ts";

/** Which variables an expression has besides `object`, `oldObject`, `request` and `namespaceObject`. */
export interface ExpressionScope {
  /** Defaults to true; message expressions ask nobody for rights. */
  readonly hasAuthorizer?: boolean;
  /** `Object{}`, `JSONPatch{}` and `jsonpatch.escapeKey()`. Defaults to false. */
  readonly hasPatchTypes?: boolean;
}

export interface ScopeTypes {
  readonly params: CelType | undefined;
  readonly object: CelType;
  /** Without policy variables there is no `variables`. */
  readonly variables: CelType | undefined;
  /** Whether only types are checked, as upstream does apart from everything else; it knows no `authorizer.requestResource` there. */
  readonly isTypeCheck: boolean;
}

export function variablesIn(scope: ExpressionScope, { params, object, variables, isTypeCheck }: ScopeTypes): Record<string, CelType> {
  const { hasAuthorizer = true } = scope;
  return {
    object,
    oldObject: object,
    request: requestType,
    namespaceObject: namespaceType,
    ...(params !== undefined && { params }),
    ...(hasAuthorizer && { authorizer: celTypes.authorizer }),
    ...(hasAuthorizer && !isTypeCheck && { "authorizer.requestResource": celTypes.resourceCheck }),
    ...(variables !== undefined && { variables }),
  };
}

export function extensionsIn({ hasPatchTypes = false }: ExpressionScope): readonly CelExtension[] {
  return hasPatchTypes ? ["patch"] : [];
}

/** What expressions may result in; undefined for anything. */
export type ReturnTypes = CelType | readonly CelType[] | undefined;

/** By the field that holds the expression. */
export const returnTypes = {
  matchCondition: celTypes.bool,
  validation: celTypes.bool,
  messageExpression: celTypes.string,
  auditAnnotation: [celTypes.string, celTypes.null],
  variable: undefined,
  applyConfiguration: celTypes.object("Object", {}),
  jsonPatch: celTypes.list(celTypes.object("JSONPatch", {})),
} as const satisfies Readonly<Record<string, ReturnTypes>>;
