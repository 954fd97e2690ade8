import { CelList } from "../values/list.ts";
import { CelMap } from "../values/map.ts";
import { CelMessage } from "../values/message.ts";
import { typeOf } from "../values/type-of.ts";
import { valueText } from "../values/value-text.ts";
import { CelDouble, CelFailure, CelUint, type CelValue, type Evaluated } from "../values/value.ts";

/** `value[key]` or `value.key`. Undefined when there is no such key, index or field. */
export function lookUp(value: CelValue, key: CelValue): Evaluated | undefined {
  if (value instanceof CelMap) return value.find(key);
  if (value instanceof CelList) return itemAt(value, key);
  if (value instanceof CelMessage && typeof key === "string") return value.fields.get(key);
  return undefined;
}

/** What is said when {@link lookUp} finds nothing. */
export function missing(value: CelValue, key: CelValue): CelFailure {
  return new CelFailure(`${value instanceof CelList ? "index out of bounds" : "no such key"}: ${valueText(key)}`);
}

function itemAt(list: CelList, key: CelValue): Evaluated | undefined {
  const index = indexOf(key);
  if (index instanceof CelFailure) return index;
  return index >= 0 && index < list.size ? list.at(index) : undefined;
}

/** An index may be any number that is whole. */
function indexOf(key: CelValue): number | CelFailure {
  if (typeof key === "number") return key;
  if (typeof key === "bigint") return Number(key);
  if (key instanceof CelUint) return Number(key.value);
  if (!(key instanceof CelDouble)) return new CelFailure(`unsupported index type '${typeOf(key).name}' in list`);
  return Number.isInteger(key.value) ? key.value : new CelFailure(`unsupported index value ${valueText(key)} in list`);
}
