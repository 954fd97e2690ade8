/** Replaces `$(NAME)` by its value; `$$` is a dollar sign, and a name that is not there is left as it stands. */
export function expandVariables(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => (name === undefined ? "$" : (values.get(name) ?? whole)));
}
