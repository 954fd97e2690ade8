/**
 * The Kubernetes API that is served, followed by our own version as build metadata: clients compare what stands before the plus sign.
 */
export const versionInfo = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.2+coracle0.1",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
} as const;
