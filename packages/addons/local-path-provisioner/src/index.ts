/**
 * `@coracle/local-path-provisioner`: volumes from a directory of the node, for every claim of the default storage class. It is made with the
 * operator runtime that users get, and runs with rights of its own.
 *
 * ```ts
 * manager.add(createLocalPathProvisioner({ directory: "/var/lib/coracle/volumes", makesDirectories: true }));
 * ```
 */
export { localPathManifests, provisionerName, serviceAccountName } from "./manifests.ts";
export { createLocalPathProvisioner, type LocalPathProvisionerOptions } from "./provisioner.ts";
