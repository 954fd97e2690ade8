import { method, type FunctionDeclaration, type Overload } from "../library/declaration.ts";
import { isDyn, isExactType, withParameters } from "../types/relate.ts";
import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { noSuchOverload } from "../values/value.ts";
import type { Substitution } from "./substitution.ts";

/** `x.?y`, which the evaluator knows by itself. */
export const optionalSelection: Overload = method(
  "select_optional_field",
  [celTypes.dyn, celTypes.string],
  celTypes.optional(celTypes.dyn),
  () => noSuchOverload,
);

interface Resolving {
  readonly argumentTypes: readonly CelType[];
  readonly isMember: boolean;
  readonly known: Substitution;
  readonly newTypeVariable: () => CelType;
}

/** The overloads that fit the arguments, and the type that they result in: `dyn` when they do not agree. */
export function resolveOverloads(
  { overloads }: FunctionDeclaration,
  { argumentTypes, isMember, known, newTypeVariable }: Resolving,
): { readonly overloads: readonly Overload[]; readonly type: CelType } | undefined {
  const fitting: Overload[] = [];
  let type: CelType | undefined;
  for (const overload of overloads) {
    if (overload.isMember !== isMember) continue;
    const { parameters, result } = instantiate(overload, newTypeVariable);
    if (!known.areAssignable(argumentTypes, parameters)) continue;
    fitting.push(overload);
    const found = known.apply(result, false);
    if (type === undefined) type = found;
    else if (!isDyn(type) && !isExactType(found, type)) type = celTypes.dyn;
  }
  return type === undefined ? undefined : { overloads: fitting, type };
}

/** The signature with fresh type parameters. */
function instantiate(overload: Overload, newTypeVariable: () => CelType): Pick<Overload, "parameters" | "result"> {
  const fresh = new Map<string, CelType>();
  const replace = (type: CelType): CelType => {
    if (type.kind !== "param") return type.parameters.length === 0 ? type : withParameters(type, type.parameters.map(replace));
    const known = fresh.get(type.name) ?? newTypeVariable();
    fresh.set(type.name, known);
    return known;
  };
  return { parameters: overload.parameters.map(replace), result: replace(overload.result) };
}
