/** The watch cache: everything stored, in memory, with the latest changes; lists, watches and informers are views of it. */
export { CachedObject, fitToSchema, fromStorage, storedFormOf, toStorage, type StoredForm } from "./cached-object.ts";
export { Cacher, type CacherOptions } from "./cacher.ts";
export { CacheInformer } from "./cache-informer.ts";
export { listObjects } from "./list.ts";
export { Matcher } from "./matcher.ts";
export { ResourceCache } from "./resource-cache.ts";
export { prepareViews, readIn } from "./remote-views.ts";
export { watchObjects } from "./watch.ts";
