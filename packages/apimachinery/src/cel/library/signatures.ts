import { celTypes } from "../types/types.ts";

/** Short names for declarations. */
export const { bool, int, uint, double, string, bytes, timestamp, duration, dyn } = celTypes;
export const a = celTypes.param("A");
export const b = celTypes.param("B");
export const listOfA = celTypes.list(a);
export const mapOfAB = celTypes.map(a, b);
export const strings = celTypes.list(string);
