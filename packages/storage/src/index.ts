/**
 * `@coracle/storage`: the versioned key-value contract under the API server, and its engines.
 */
export * from "./store.ts";
