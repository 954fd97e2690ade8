import { formatQuantity, parseQuantity } from "@coracle/apimachinery";

const milli = 1_000_000n;

/** Rounds amounts away from zero to thousandths, in place: nothing finer can be asked for. */
export function roundQuantities(amounts: Record<string, string> | undefined): void {
  for (const name in amounts) {
    const text = amounts[name] as string;
    // Canonical texts show how fine they are.
    if (!/[nu]$|e-/.test(text)) continue;
    const { nanos, format } = parseQuantity(text);
    const rest = nanos % milli;
    if (rest !== 0n) amounts[name] = formatQuantity({ nanos: nanos - rest + (nanos < 0n ? -milli : milli), format });
  }
}
