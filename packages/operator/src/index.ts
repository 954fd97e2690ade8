/**
 * `@coracle/operator`: the SDK for controllers, used by Coracle's own and by users' alike.
 */
export * from "./controller.ts";
