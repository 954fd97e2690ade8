/** A status as stored leaves out what is zero. */
export function withoutZeros(status: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(status).filter(([name, value]) => name === "replicas" || (value !== 0 && value !== undefined)));
}
