import type { CelEnvironment } from "../environment.ts";
import { celLimits } from "../limits.ts";
import type { CallNode, ComprehensionNode, ListNode, MapNode, Node, SelectNode, StructNode } from "../parser/ast.ts";
import { qualifiedName } from "../parser/ast.ts";
import { operators } from "../parser/operators.ts";
import { compileError, type LocatedIssue } from "../parser/source.ts";
import { describeType, errorType, formatType, isDyn, isDynOrError, isOptionalType, unwrapOptional } from "../types/relate.ts";
import type { CelType } from "../types/type.ts";
import { celTypes, noFields } from "../types/types.ts";
import { typeOf } from "../values/type-of.ts";
import type { Checked, Reference, ResolvedCall } from "./checked.ts";
import { optionalSelection, resolveOverloads } from "./overloads.ts";
import { Scope, type Found } from "./scope.ts";
import { mostGeneral, Substitution } from "./substitution.ts";
import { validateLiterals } from "./validate-literals.ts";

/**
 * Finds the type of every part of an expression.
 * @throws {CelCompileError} with every issue found
 */
export function check(expression: string, root: Node, environment: CelEnvironment): Checked {
  const issues: LocatedIssue[] = [];
  const checked = checkedOf(expression, root, new Checker(environment, issues));
  if (issues.length === 0) validateLiterals(checked, issues);
  if (issues.length > 0) throw compileError(expression, issues);
  return checked;
}

/** The types of Kubernetes' libraries are not known as messages. */
function noField(type: CelType, name: string): string {
  return type.fields === noFields ? `unexpected failed resolution of '${type.name}'` : `undefined field '${name}'`;
}

/** Thrown when there are too many parts to go on. */
class TooComplex extends Error {}

function checkedOf(expression: string, root: Node, checker: Checker): Checked {
  try {
    return checker.run(root);
  } catch (error) {
    if (error instanceof TooComplex) throw compileError(expression, [{ message: "expression is too complex", offset: undefined }]);
    throw error;
  }
}

class Checker {
  readonly #scope: Scope;
  readonly #issues: LocatedIssue[];
  readonly #known = new Substitution();
  readonly #types = new Map<Node, CelType>();
  readonly #references = new Map<Node, Reference>();
  readonly #calls = new Map<CallNode, ResolvedCall>();
  readonly #variables = new Set<string>();
  #typeVariables = 0;
  #visited = 0;

  constructor(environment: CelEnvironment, issues: LocatedIssue[]) {
    this.#scope = new Scope(environment);
    this.#issues = issues;
  }

  run(root: Node): Checked {
    const type = this.#check(root);
    const types = new Map<Node, CelType>();
    for (const [node, found] of this.#types) types.set(node, this.#known.apply(found, true));
    return {
      root,
      resultType: this.#known.apply(type, true),
      types,
      references: this.#references,
      calls: this.#calls,
      variables: this.#variables,
    };
  }

  #report(message: string, offset: number | undefined): CelType {
    this.#issues.push({ message, offset });
    return errorType;
  }

  #check(node: Node): CelType {
    // Some macros use an argument twice, so that a short expression may stand for a long one.
    if (++this.#visited > celLimits.expressionNodes) throw new TooComplex();
    const type = this.#typeOf(node);
    this.#types.set(node, type);
    return type;
  }

  #typeOf(node: Node): CelType {
    switch (node.kind) {
      case "literal":
        return typeOf(node.value);
      case "ident":
        return this.#named(node, node.name) ?? this.#undeclared(node.name, node.offset);
      case "select":
        return this.#select(node);
      case "call":
        return this.#call(node);
      case "list":
        return this.#list(node);
      case "map":
        return this.#map(node);
      case "struct":
        return this.#struct(node);
      default:
        return this.#comprehension(node);
    }
  }

  #undeclared(name: string, offset: number): CelType {
    return this.#report(`undeclared reference to '${name}' (in container '')`, offset);
  }

  #named(node: Node, name: string): CelType | undefined {
    const found = this.#scope.lookup(name);
    if (found === undefined) return undefined;
    this.#refer(node, found);
    return found.type;
  }

  #refer(node: Node, { reference }: Found): void {
    this.#references.set(node, reference);
    if (reference.kind === "variable") this.#variables.add(reference.name);
  }

  #select(node: SelectNode): CelType {
    const name = qualifiedName(node);
    const variable = name === undefined ? undefined : this.#named(node, name);
    if (variable !== undefined) return variable;
    const field = this.#field(node, node.operand, { name: node.field, isOptional: false });
    return node.isTest ? celTypes.bool : field;
  }

  #field(node: Node, operand: Node, { name, isOptional }: { readonly name: string; readonly isOptional: boolean }): CelType {
    const operandType = this.#known.apply(this.#check(operand), false);
    const target = unwrapOptional(operandType);
    const type = this.#known.apply(this.#fieldOf(node, target, name), false);
    return isOptional || isOptionalType(operandType) ? celTypes.optional(type) : type;
  }

  #fieldOf(node: Node, target: CelType, name: string): CelType {
    switch (target.kind) {
      case "map":
        return target.parameters[1] as CelType;
      case "object":
        return target.fields?.get(name) ?? this.#report(noField(target, name), node.offset);
      case "param":
        this.#known.isAssignable(celTypes.dyn, target);
        return celTypes.dyn;
      default:
        if (!isDynOrError(target)) this.#report(`type '${formatType(target)}' does not support field selection`, node.offset);
        return celTypes.dyn;
    }
  }

  #call(node: CallNode): CelType {
    if (node.function === operators.optSelect) return this.#optionalSelect(node);
    for (const argument of node.args) this.#check(argument);
    const { target, args } = node;
    if (target === undefined) return this.#resolve(node, { name: node.function, target, args });
    const prefix = qualifiedName(target);
    const qualified = prefix === undefined ? undefined : `${prefix}.${node.function}`;
    if (qualified !== undefined && this.#scope.function(qualified) !== undefined)
      return this.#resolve(node, { name: qualified, target: undefined, args });
    this.#check(target);
    return this.#resolve(node, { name: node.function, target, args });
  }

  #optionalSelect(node: CallNode): CelType {
    const [operand, field] = node.args as [Node, Node];
    const name = field.kind === "literal" && typeof field.value === "string" ? field.value : "";
    this.#types.set(field, celTypes.string);
    this.#calls.set(node, { name: node.function, target: undefined, args: node.args, overloads: [optionalSelection] });
    return this.#field(node, operand, { name, isOptional: true });
  }

  #resolve(node: CallNode, call: Omit<ResolvedCall, "overloads" | "evaluate">): CelType {
    const declaration = this.#scope.function(call.name);
    if (declaration === undefined) return this.#undeclared(call.name, node.offset);
    if (call.name === operators.and || call.name === operators.or) return this.#logic(node, { ...call, overloads: declaration.overloads });
    const { target, args } = call;
    const argumentTypes = (target === undefined ? args : [target, ...args]).map((argument) => this.#types.get(argument) ?? errorType);
    const resolved = resolveOverloads(declaration, {
      argumentTypes,
      isMember: target !== undefined,
      known: this.#known,
      newTypeVariable: () => this.#newTypeVariable(),
    });
    if (resolved === undefined) return this.#noOverload(node, call, argumentTypes);
    const evaluate = declaration.evaluate === undefined ? {} : { evaluate: declaration.evaluate };
    this.#calls.set(node, { ...call, ...evaluate, name: declaration.name, overloads: resolved.overloads });
    return resolved.type;
  }

  /** Whichever side is no boolean is pointed at. */
  #logic(node: CallNode, call: ResolvedCall): CelType {
    let type: CelType = celTypes.bool;
    for (const argument of call.args) {
      const found = this.#types.get(argument) ?? errorType;
      if (!this.#known.isAssignable(found, celTypes.bool)) type = this.#mismatch(argument, celTypes.bool, this.#known.apply(found, true));
    }
    if (type === celTypes.bool) this.#calls.set(node, call);
    return type;
  }

  #noOverload(node: CallNode, call: Omit<ResolvedCall, "overloads" | "evaluate">, types: readonly CelType[]): CelType {
    const shown = types.map((type) => formatType(this.#known.apply(type, true)));
    const prefix = call.target === undefined ? "" : `${shown.shift()}.`;
    return this.#report(`found no matching overload for '${call.name}' applied to '${prefix}(${shown.join(", ")})'`, node.offset);
  }

  #newTypeVariable(): CelType {
    return celTypes.param(`_var${this.#typeVariables++}`);
  }

  #list(node: ListNode): CelType {
    let type: CelType | undefined;
    for (const { value, isOptional } of node.elements) {
      const found = this.#check(value);
      type = this.#join(type, isOptional ? this.#optionalValue(value, found) : found);
    }
    return celTypes.list(type ?? this.#newTypeVariable());
  }

  #map(node: MapNode): CelType {
    let keyType: CelType | undefined;
    let valueType: CelType | undefined;
    for (const { key, value, isOptional } of node.entries) {
      keyType = this.#join(keyType, this.#check(key));
      const found = this.#check(value);
      valueType = this.#join(valueType, isOptional ? this.#optionalValue(value, found) : found);
    }
    return celTypes.map(keyType ?? this.#newTypeVariable(), valueType ?? this.#newTypeVariable());
  }

  /** What `?x` contributes. */
  #optionalValue(node: Node, type: CelType): CelType {
    if (!isOptionalType(type) && !isDyn(type)) this.#mismatch(node, celTypes.optional(type), type);
    return unwrapOptional(type);
  }

  /** What is true of both. Mixed lists are refused later, except in arguments of `format`. */
  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    return this.#known.isAssignable(previous, current) ? mostGeneral(previous, current) : celTypes.dyn;
  }

  #mismatch(node: Node, expected: CelType, actual: CelType): CelType {
    return this.#report(`expected type '${formatType(expected)}' but found '${formatType(actual)}'`, node.offset);
  }

  #struct(node: StructNode): CelType {
    const found = this.#scope.lookup(node.typeName);
    if (found === undefined) return this.#undeclared(node.typeName, node.offset);
    this.#refer(node, found);
    const type = this.#messageType(node, found);
    for (const { name, value, isOptional, offset } of node.fields) {
      const given = this.#check(value);
      const fieldType = type.kind === "error" ? errorType : this.#fieldOf({ ...node, offset }, type, name);
      const valueType = isOptional ? this.#optionalValue(value, given) : given;
      if (!this.#known.isAssignable(fieldType, valueType))
        this.#report(
          `expected type of field '${name}' is '${formatType(fieldType)}' but provided type is '${formatType(valueType)}'`,
          offset,
        );
    }
    return type;
  }

  #messageType(node: StructNode, { type, reference }: Found): CelType {
    if (reference.kind !== "type") return this.#report(`'${describeType(type)}' is not a type`, node.offset);
    if (reference.type.kind === "object") return reference.type;
    return this.#report(`'${reference.type.name}' is not a message type`, node.offset);
  }

  #comprehension(node: ComprehensionNode): CelType {
    const range = this.#known.apply(this.#check(node.range), false);
    const accuType = this.#check(node.accuInit);
    this.#scope.push(node.accuVar, accuType);
    const [first, second] = this.#loopTypes(node, range);
    this.#scope.push(node.iterVar, first);
    if (node.iterVar2 !== undefined) this.#scope.push(node.iterVar2, second);
    this.#expect(node.condition, celTypes.bool);
    this.#expect(node.step, accuType);
    this.#scope.pop(node.iterVar2 === undefined ? 1 : 2);
    const result = this.#check(node.result);
    this.#scope.pop(1);
    return this.#known.apply(result, false);
  }

  /** Of the loop's variables. */
  #loopTypes(node: ComprehensionNode, range: CelType): [CelType, CelType] {
    const isPair = node.iterVar2 !== undefined;
    switch (range.kind) {
      case "list": {
        const of = range.parameters[0] as CelType;
        return isPair ? [celTypes.int, of] : [of, of];
      }
      case "map":
        return [range.parameters[0] as CelType, range.parameters[1] as CelType];
      case "dyn":
      case "error":
      case "param":
        this.#known.isAssignable(celTypes.dyn, range);
        return [celTypes.dyn, celTypes.dyn];
      default:
        this.#report(
          `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
          node.range.offset,
        );
        return [errorType, errorType];
    }
  }

  #expect(node: Node, type: CelType): void {
    const found = this.#check(node);
    if (!this.#known.isAssignable(type, found)) this.#mismatch(node, type, found);
  }
}
