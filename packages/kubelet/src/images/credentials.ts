import type { Pod } from "@coracle/api";
import type { ObjectSource } from "../volumes/object-source.ts";

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
}

interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
}

/** The credentials for an image among a pod's `imagePullSecrets`; the longest matching registry path wins. */
export async function imageCredentials(objects: ObjectSource, pod: Pod, image: string): Promise<RegistryCredentials | undefined> {
  const target = withRegistry(image);
  let best: { key: string; auth: DockerAuth } | undefined;
  for (const { name = "" } of pod.spec?.imagePullSecrets ?? []) {
    const secret = await objects.secret(pod.metadata.namespace ?? "", name);
    const encoded = secret?.data?.[".dockerconfigjson"] ?? secret?.data?.[".dockercfg"];
    if (encoded === undefined) continue;
    for (const [key, auth] of Object.entries(authsOf(encoded as unknown as string))) {
      const path = key
        .replace(/^https?:\/\//, "")
        .replace(/\/v[12]\/?$/, "")
        .replace(/\/$/, "")
        .replace(/^index\.docker\.io/, "docker.io");
      const isMatch = target === path || target.startsWith(`${path}/`) || target.startsWith(`${path}:`);
      if (isMatch && path.length > (best?.key.length ?? -1)) best = { key: path, auth };
    }
  }
  return best === undefined ? undefined : credentialsOf(best.auth, best.key);
}

function withRegistry(image: string): string {
  const [first = ""] = image.split("/");
  const hasRegistry = image.includes("/") && (/[.:]/.test(first) || first === "localhost");
  return hasRegistry ? image : `docker.io/${image.includes("/") ? image : `library/${image}`}`;
}

function authsOf(encoded: string): Record<string, DockerAuth> {
  try {
    const parsed = JSON.parse(Buffer.from(encoded, "base64").toString()) as { auths?: Record<string, DockerAuth> };
    return parsed.auths ?? (parsed as Record<string, DockerAuth>);
  } catch {
    // As upstream: a secret that cannot be read does not stop the pull; the registry decides.
    return {};
  }
}

function credentialsOf({ username, password, auth }: DockerAuth, serverAddress: string): RegistryCredentials {
  const decoded = auth === undefined ? "" : Buffer.from(auth, "base64").toString();
  const colon = decoded.indexOf(":");
  return {
    username: username ?? decoded.slice(0, Math.max(0, colon)),
    password: password ?? decoded.slice(colon + 1),
    serverAddress,
  };
}
