/** The first bytes of a body, as upstream shows what it could not read: text when it looks like JSON, hexadecimal otherwise. */
export function bodySummary(data: Uint8Array): string {
  if (data.length === 0) return "<empty>";
  const head = Buffer.from(data.subarray(0, 30));
  return `${data[0] === 0x7b ? head.toString() : head.toString("hex")}${data.length > head.length ? " ..." : ""}`;
}
