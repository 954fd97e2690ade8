/**
 * The Kubernetes API that is served, followed by our own version as build metadata: clients compare what stands before the plus sign. Where
 * upstream names the Go compiler, the JavaScript engine stands.
 */
export const versionInfo = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: "v1.36.2+coracle0.1",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: `node${process.versions.node}`,
  compiler: `v8-${process.versions.v8}`,
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
} as const;
