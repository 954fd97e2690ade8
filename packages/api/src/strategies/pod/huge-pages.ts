import { isQuantity, parseQuantity, quantityValue, type Quantity } from "@coracle/apimachinery";
import { isHugePages } from "../shared/resource-names.ts";

const nano = 1_000_000_000n;

/** Whether an amount of huge pages is a multiple of the page's size; true for every other resource. */
export function divides(name: string, amount: Quantity): boolean {
  if (!isHugePages(name)) return true;
  const text = name.slice("hugepages-".length);
  if (!isQuantity(text)) return false;
  const size = parseQuantity(text);
  if (size.nanos <= 0n || size.nanos % nano !== 0n) return false;
  return quantityValue(amount) % quantityValue(size) === 0;
}
