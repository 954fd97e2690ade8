/** For comparing statuses: some kinds leave zeros out when they are stored, `replicas` of Deployments among them. */
export function withoutZeros(status: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0 && value !== undefined));
}
