import type { Findings } from "@coracle/apimachinery";

export interface List<T> {
  readonly items: readonly T[];
  readonly mostItems: number;
  readonly at: string;
  readonly out: Findings;
}

type Rule<T> = (item: T, at: string) => void;

/** Each item of a list that is not too long; of one that is, upstream says nothing else. */
export function validateList<T>({ items, mostItems, at, out }: List<T>, validate: Rule<T>): void {
  if (items.length > mostItems) return out.tooMany(at, items.length, mostItems);
  for (const [index, item] of items.entries()) validate(item, `${at}[${index}]`);
}

/** Items whose keys differ. */
export function validateUnique<T>(items: readonly T[], keyOf: (item: T) => string, at: string, out: Findings): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    if (seen.has(key)) out.duplicate(`${at}[${index}]`, key);
    seen.add(key);
  }
}
