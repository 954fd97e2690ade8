/** Names and values of labels, in the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Family {
  readonly name: string;
  lines(): string[];
}

/** More label values of one metric are not counted apart: they share a series without labels' values. */
const seriesLimit = 10_000;

/** The metrics of a server, written in Prometheus' text format (version 0.0.4), in the order in which they were made. */
export class MetricRegistry {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string): Counter {
    return this.#add(new Counter(name, help));
  }

  /** Upper bounds of `buckets` rise; the last, infinite one is implied. */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return this.#add(new Histogram(name, help, buckets));
  }

  /** A value, or several with labels, read when somebody asks. */
  gauge(name: string, help: string, read: () => number | readonly Sample[]): void {
    this.#add(new Computed(name, "gauge", help, read));
  }

  /** As {@link gauge}, of something that is counted elsewhere. */
  counted(name: string, help: string, read: () => number | readonly Sample[]): void {
    this.#add(new Computed(name, "counter", help, read));
  }

  /** Lines that are written elsewhere. */
  written(name: string, lines: () => string[]): void {
    this.#add({ name, lines });
  }

  render(): string {
    return `${[...this.#families.values()].flatMap((family) => family.lines()).join("\n")}\n`;
  }

  #add<T extends Family>(family: T): T {
    if (this.#families.has(family.name)) throw new Error(`there is a metric ${family.name} already`);
    this.#families.set(family.name, family);
    return family;
  }
}

class Computed implements Family {
  readonly name: string;
  readonly #type: string;
  readonly #help: string;
  readonly #read: () => number | readonly Sample[];

  constructor(name: string, type: string, help: string, read: () => number | readonly Sample[]) {
    this.name = name;
    this.#type = type;
    this.#help = help;
    this.#read = read;
  }

  lines(): string[] {
    const value = this.#read();
    const samples = typeof value === "number" ? [{ labels: {}, value }] : value;
    return [...head(this.name, this.#type, this.#help), ...samples.map((each) => `${this.name}${labelText(each.labels)} ${each.value}`)];
  }
}

/** Counts up. */
export class Counter implements Family {
  readonly name: string;
  readonly #help: string;
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string) {
    this.name = name;
    this.#help = help;
  }

  add(labels: Labels, amount = 1): void {
    this.bound(labels)(amount);
  }

  /** As {@link add} for these labels: cheaper where much is counted. */
  bound(labels: Labels): (amount: number) => void {
    const key = keyOf(this.#values, labels);
    return (amount) => void this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  /** Forgets a series whose subject is gone. */
  remove(labels: Labels): void {
    this.#values.delete(labelText(labels));
  }

  lines(): string[] {
    return [...head(this.name, "counter", this.#help), ...[...this.#values].map(([labels, value]) => `${this.name}${labels} ${value}`)];
  }
}

interface Series {
  count: number;
  sum: number;
  readonly buckets: number[];
}

/** Counts how often values were how large. */
export class Histogram implements Family {
  readonly name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  observe(labels: Labels, value: number): void {
    this.bound(labels)(value);
  }

  /** As {@link observe} for these labels: cheaper where much is counted. */
  bound(labels: Labels): (value: number) => void {
    const key = keyOf(this.#series, labels);
    return (value) => this.#observe(key, value);
  }

  #observe(key: string, value: number): void {
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { count: 0, sum: 0, buckets: this.#bounds.map(() => 0) };
      this.#series.set(key, series);
    }
    series.count++;
    series.sum += value;
    for (let index = this.#bounds.length - 1; index >= 0 && value <= (this.#bounds[index] as number); index--) {
      series.buckets[index] = (series.buckets[index] as number) + 1;
    }
  }

  /** Forgets a series whose subject is gone. */
  remove(labels: Labels): void {
    this.#series.delete(labelText(labels));
  }

  lines(): string[] {
    const series = [...this.#series].flatMap(([labels, { count, sum, buckets }]) =>
      histogramLines(this.name, labels, { count, sum, bounds: this.#bounds, buckets }),
    );
    return [...head(this.name, "histogram", this.#help), ...series];
  }
}

/** The lines of one series of a histogram; `labels` as {@link labelText} writes them. */
export function histogramLines(
  name: string,
  labels: string,
  values: { readonly count: number; readonly sum: number; readonly bounds: readonly number[]; readonly buckets: readonly number[] },
): string[] {
  const open = labels === "" ? "{" : `${labels.slice(0, -1)},`;
  return [
    ...values.bounds.map((bound, index) => `${name}_bucket${open}le="${bound}"} ${values.buckets[index] ?? 0}`),
    `${name}_bucket${open}le="+Inf"} ${values.count}`,
    `${name}_sum${labels} ${values.sum}`,
    `${name}_count${labels} ${values.count}`,
  ];
}

export function head(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/** `{a="b",c="d"}`; nothing for no labels. */
export function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n") : value;
}

function keyOf(known: ReadonlyMap<string, unknown>, labels: Labels): string {
  const key = labelText(labels);
  if (known.size < seriesLimit || known.has(key)) return key;
  return labelText(Object.fromEntries(Object.keys(labels).map((name) => [name, ""])));
}
