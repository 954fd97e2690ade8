import { versionInfo } from "@coracle/apiserver";

export const coracleVersion = "0.1.0";
/** The Kubernetes release whose API is served. */
export const kubernetesVersion: string = versionInfo.gitVersion.replace(/\+.*$/, "");
/** What a cluster makes in its directory, besides what the program adds. */
export const clusterEntries = ["store", "pki", "nodes", "volumes"] as const;
