import { describe, expect, it } from "vitest";
import { celAuthorizer, type CelAuthorizationQuery } from "../authorizer.ts";
import { CelBudget } from "../budget.ts";
import { createCelEnvironment } from "../environment.ts";
import { CelCompileError, CelEvaluationError } from "../errors.ts";
import { compileCel } from "../program.ts";
import { celTypes } from "../types/types.ts";
import { results } from "./results.golden.ts";
import { shown } from "./testing-shown.ts";

/** Tells what it was asked. */
function answer(query: CelAuthorizationQuery): { isAllowed: boolean; reason: string; error?: string } {
  const { verb, isResourceRequest, path, group, resource, subresource, namespace, name, serviceAccount } = query;
  const user = serviceAccount === undefined ? "me" : `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`;
  const reason = [verb, isResourceRequest, path, group, resource, subresource, namespace, name, user].join("|");
  return { isAllowed: verb === "get", reason, ...(verb === "error" ? { error: "broken" } : {}) };
}

const environment = createCelEnvironment({ variables: { authorizer: celTypes.authorizer } });
const bindings = { authorizer: celAuthorizer({ authorize: answer }) };

function resultOf(expression: string): string {
  try {
    return shown(compileCel(expression, environment).evaluate(bindings, new CelBudget()));
  } catch (error) {
    if (error instanceof CelCompileError) return error.stage === "instantiation" ? `? program: ${error.message}` : `! ${error.message}`;
    if (error instanceof CelEvaluationError) return `? ${error.message}`;
    throw error;
  }
}

describe.each(Object.entries(results))("%s", (_, cases) => {
  it.each(cases)("%s", (expression, result) => expect(resultOf(expression)).toBe(result));
});
