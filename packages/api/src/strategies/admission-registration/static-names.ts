const suffix = ".static.k8s.io";

/** Names that upstream keeps for configurations that it reads from files. */
export function staticNameWarnings(name = ""): string[] {
  if (!name.endsWith(suffix)) return [];
  const reserved = `names ending with "${suffix}" are reserved for static manifest-based configurations`;
  return [`metadata.name: ${reserved} and cannot be managed via the API`];
}
