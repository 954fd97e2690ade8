/** The names that operators have as functions, in cel-go and so in its messages. */
export const operators = {
  conditional: "_?_:_",
  and: "_&&_",
  or: "_||_",
  not: "!_",
  negate: "-_",
  equals: "_==_",
  notEquals: "_!=_",
  add: "_+_",
  index: "_[_]",
  optIndex: "_[?_]",
  optSelect: "_?._",
  notStrictlyFalse: "@not_strictly_false",
} as const;

/** Relations bind less tightly than the others; within a group they bind from the left. */
export const relations: Readonly<Record<string, string>> = {
  "==": "_==_",
  "!=": "_!=_",
  "<": "_<_",
  "<=": "_<=_",
  ">": "_>_",
  ">=": "_>=_",
  in: "@in",
};

export const additions: Readonly<Record<string, string>> = { "+": "_+_", "-": "_-_" };
export const multiplications: Readonly<Record<string, string>> = { "*": "_*_", "/": "_/_", "%": "_%_" };
