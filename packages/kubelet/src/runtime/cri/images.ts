import { ImagePullError, type Image } from "../runtime.ts";
import { fromCriImage } from "./answers.ts";
import { CriError, type CriConnection } from "./connection.ts";
import { normalizeImageName } from "./image-name.ts";

/** A pull may take as long as the registry's line needs. */
const pullTimeoutMs = 60 * 60_000;

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
}

/** What the runtime is asked for: an image's id as it is, a name in its full form. @throws {ImagePullError} `InvalidImageName` */
export function imageReference(image: string): string {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(image)) return image;
  const normalized = normalizeImageName(image);
  if (normalized !== undefined) return normalized;
  const problem = /[A-Z]/.test(image.split(":")[0] ?? "") ? "repository name must be lowercase" : "invalid reference format";
  throw new ImagePullError(
    "InvalidImageName",
    `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${problem}`,
  );
}

/** The way Go prints a gRPC error, which is how users know it from a kubelet's events. */
export function describeRpcError(error: CriError): string {
  const name = error.code
    .toLowerCase()
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
  return `rpc error: code = ${name === "Cancelled" ? "Canceled" : name} desc = ${error.message}`;
}

export async function imageStatus(connection: CriConnection, image: string): Promise<Image | undefined> {
  const { image: found } = await connection.call("ImageStatus", { image: { image: imageReference(image) } });
  return found === null ? undefined : fromCriImage(found);
}

/** @returns the image's id. @throws {ImagePullError} */
export async function pullImage(connection: CriConnection, image: string, auth?: RegistryAuth): Promise<string> {
  const request = { image: { image: imageReference(image) }, ...(auth === undefined ? {} : { auth }) };
  try {
    const { imageRef } = await connection.call("PullImage", request, { timeoutMs: pullTimeoutMs });
    return imageRef;
  } catch (error) {
    if (!(error instanceof CriError)) throw error;
    const reason = /^(RegistryUnavailable|SignatureValidationFailed)\b/.exec(error.message)?.[1] ?? "ErrImagePull";
    throw new ImagePullError(reason, describeRpcError(error), { cause: error });
  }
}

export async function listImages(connection: CriConnection): Promise<Image[]> {
  const { images } = await connection.call("ListImages", {});
  return images.map(fromCriImage);
}

export async function removeImage(connection: CriConnection, image: string): Promise<void> {
  await connection.call("RemoveImage", { image: { image: imageReference(image) } });
}
