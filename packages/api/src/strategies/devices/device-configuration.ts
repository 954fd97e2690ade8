import { isPlainObject, type Findings } from "@coracle/apimachinery";
import type { CELDeviceSelector, DeviceSelector, OpaqueDeviceConfiguration } from "../../generated/resource-v1.ts";
import { validateCsiDriverName } from "../storage/volume-kinds.ts";
import { validateList } from "./lists.ts";

const selectorsLimit = 32;
const expressionLimitBytes = 10 * 1024;
const parametersLimitBytes = 10 * 1024;

/** Expressions that choose devices. They are compiled where they are used. */
export function validateSelectors(selectors: readonly DeviceSelector[], at: string, out: Findings): void {
  validateList({ items: selectors, mostItems: selectorsLimit, at, out }, ({ cel }, here) => {
    if (cel === undefined) out.required(`${here}.cel`);
    else validateExpression(cel, `${here}.cel`, out);
  });
}

function validateExpression({ expression = "" }: Readonly<CELDeviceSelector>, at: string, out: Findings): void {
  if (expression.length > expressionLimitBytes) out.tooLong(`${at}.expression`, expressionLimitBytes);
}

/** What a driver is told, which only it understands. */
export function validateConfiguration(opaque: Readonly<OpaqueDeviceConfiguration> | undefined, at: string, out: Findings): void {
  if (opaque === undefined) return out.required(`${at}.opaque`);
  validateCsiDriverName(opaque.driver, `${at}.opaque.driver`, out);
  validateRaw(opaque.parameters, `${at}.opaque.parameters`, out);
}

export function validateRaw(value: unknown, at: string, out: Findings, limitBytes = parametersLimitBytes): void {
  if (value === undefined || value === null) out.required(at);
  else if (JSON.stringify(value).length > limitBytes) out.tooLong(at, limitBytes);
  else if (!isPlainObject(value)) out.invalid(at, "<value omitted>", "must be a valid JSON object");
}
