/** Times in the text forms of the API. */

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** `2026-01-02T03:04:05Z`, the form of `metav1.Time`. */
export function formatTime(milliseconds: number): string {
  return `${new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** `2026-01-02T03:04:05.678000Z`, the form of `metav1.MicroTime`. */
export function formatMicroTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const micros = Math.floor((milliseconds - whole) * 1000);
  return `${new Date(whole).toISOString().slice(0, 23)}${String(micros).padStart(3, "0")}Z`;
}

/** Milliseconds since the epoch; NaN when the text is no RFC 3339 time. */
export function parseTime(text: string | null | undefined): number {
  return typeof text === "string" && isTime(text) ? Date.parse(text) : Number.NaN;
}

/** Whether the text is an RFC 3339 time that exists. */
export function isTime(text: string): boolean {
  const match = rfc3339.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
  return day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

const canonical = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** A time's text in UTC and whole seconds. Throws an Error in Go's words. */
export function canonicalTime(text: string): string {
  if (!isTime(text)) throw timeError(text);
  return canonical.test(text) ? text : formatTime(Date.parse(text));
}

/** A time's text in UTC with six fraction digits. Throws an Error in Go's words. */
export function canonicalMicroTime(text: string): string {
  const match = rfc3339.exec(text);
  if (match === null || !isTime(text)) throw timeError(text);
  const fraction = (match[7] ?? "").padEnd(6, "0").slice(0, 6);
  return `${formatTime(Date.parse(text)).slice(0, 19)}.${fraction}Z`;
}

function timeError(text: string): Error {
  return new Error(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`);
}
