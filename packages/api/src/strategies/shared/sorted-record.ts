/** The same entries in order of their keys, as Go writes maps. */
export function sortedRecord<T, R = T>(
  record: Readonly<Record<string, T>>,
  convert: (value: T) => R = (value) => value as unknown as R,
): Record<string, R> {
  const keys = Object.keys(record).sort((left, right) => (left < right ? -1 : 1));
  return Object.fromEntries(keys.map((key) => [key, convert(record[key] as T)]));
}
