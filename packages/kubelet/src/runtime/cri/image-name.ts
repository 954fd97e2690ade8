/**
 * The full form of an image reference, as Docker's conventions complete it: `busybox` is `docker.io/library/busybox:latest`. Returns
 * undefined when `image` is no valid reference. A reference with a digest keeps its tag out, for the digest decides.
 */
export function normalizeImageName(image: string): string | undefined {
  const [beforeDigest = "", digest, ...rest] = image.split("@");
  if (rest.length > 0 || (digest !== undefined && !/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/.test(digest))) return undefined;
  const slash = beforeDigest.indexOf("/");
  const first = slash === -1 ? "" : beforeDigest.slice(0, slash);
  const isRegistry = first !== "" && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const registry = isRegistry ? first : "docker.io";
  const remainder = isRegistry ? beforeDigest.slice(slash + 1) : beforeDigest;
  const match = /^([^:]+)(?::(\w[\w.-]{0,127}))?$/.exec(remainder);
  if (match === null) return undefined;
  const [, path = "", tag] = match;
  if (!/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/.test(path)) return undefined;
  if (!/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d+)?$/.test(registry)) return undefined;
  const host = registry === "index.docker.io" ? "docker.io" : registry;
  const repository = host === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  return `${host}/${repository}${digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`}`;
}
