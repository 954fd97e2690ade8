import { parseTime } from "@coracle/apimachinery";

/** What a request for logs asks for. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Lines older than this are left out. */
  readonly sinceMs: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly stream: "All" | "Stdout" | "Stderr";
}

/** Reads the query of `/containerLogs`. @throws when a number or time is none. */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const flag = (name: string): boolean => ["true", "1"].includes(query.get(name) ?? "");
  const number = (name: string, minimum: number): number | undefined => {
    const text = query.get(name);
    if (text === null || text === "") return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < minimum) throw new Error(`Invalid value: "${text}" for ${name}`);
    return value;
  };
  const sinceSeconds = number("sinceSeconds", 1);
  const sinceTime = query.get("sinceTime");
  const sinceMs = sinceTime === null || sinceTime === "" ? undefined : parseTime(sinceTime);
  if (Number.isNaN(sinceMs)) throw new Error(`Invalid value: "${sinceTime}" for sinceTime`);
  const stream = query.get("stream");
  return {
    follow: flag("follow"),
    previous: flag("previous"),
    timestamps: flag("timestamps"),
    sinceMs: sinceSeconds === undefined ? sinceMs : nowMs - sinceSeconds * 1000,
    tailLines: number("tailLines", 0),
    limitBytes: number("limitBytes", 1),
    stream: stream === "Stdout" || stream === "Stderr" ? stream : "All",
  };
}
