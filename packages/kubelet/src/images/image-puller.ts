import type { Clock } from "@coracle/base";
import { formatDurationMs } from "@coracle/apimachinery";
import type { Container, Pod } from "@coracle/api";
import type { EventRecorder } from "@coracle/client";
import { ConfigError } from "../containers/config-error.ts";
import { BackOff } from "../podworkers/back-off.ts";
import { ImagePullError, type Image, type Runtime } from "../runtime/runtime.ts";

export interface ImagePullerOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly events: EventRecorder;
  /** Registry credentials of a pod for an image. */
  readonly credentials: (pod: Pod, image: string) => Promise<{ username: string; password: string; serverAddress: string } | undefined>;
}

/** `[registry/]path[:tag][@digest]`, as far as a kubelet must refuse it itself. */
const imageName = /^[a-zA-Z0-9][a-zA-Z0-9._-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** Makes images present as pull policies ask, with back-off, and says so in events. */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #backOff: BackOff;
  readonly #failures = new Map<string, { atMs: number; message: string }>();
  readonly #pulls = new Map<string, Promise<string>>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.clock, { initialMs: 10_000, maxMs: 300_000 });
  }

  /** Returns the image. @throws {ConfigError} whose reason is the container's: `ErrImagePull`, `ImagePullBackOff` … */
  async ensure(pod: Pod, container: Container): Promise<Image | undefined> {
    const { runtime, events } = this.#options;
    const image = container.image ?? "";
    if (!imageName.test(image)) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
      events.record(pod, "Warning", "InspectFailed", message);
      throw new ConfigError(message, "InvalidImageName");
    }
    const policy = container.imagePullPolicy ?? (/:latest$|^[^:@]*$/.test(image.split("/").at(-1) ?? "") ? "Always" : "IfNotPresent");
    const present = await runtime.imageStatus(image);
    if (policy === "Never" && present === undefined) {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      events.record(pod, "Warning", "ErrImageNeverPull", message);
      throw new ConfigError(message, "ErrImageNeverPull");
    }
    if (policy === "Never" || (policy === "IfNotPresent" && present !== undefined)) {
      events.record(pod, "Normal", "Pulled", `Container image "${image}" already present on machine and can be accessed by the pod`);
      return present;
    }
    await this.#pull(pod, image);
    return runtime.imageStatus(image);
  }

  /** Milliseconds until a failed pull of one of the pod's images is tried again. */
  retryInMs(pod: Pod, image: string): number {
    const key = `${pod.metadata.uid}_${image}`;
    return this.#backOff.remainingMs(key, this.#failures.get(key)?.atMs ?? 0);
  }

  forget(podUid: string): void {
    this.#backOff.forget(podUid);
    for (const key of this.#failures.keys()) if (key.startsWith(podUid)) this.#failures.delete(key);
  }

  async #pull(pod: Pod, image: string): Promise<void> {
    const { clock, events } = this.#options;
    const key = `${pod.metadata.uid}_${image}`;
    const failure = this.#failures.get(key);
    if (failure !== undefined && this.#backOff.remainingMs(key, failure.atMs) > 0) {
      const message = `Back-off pulling image "${image}"`;
      events.record(pod, "Normal", "BackOff", message);
      throw new ConfigError(`${message}: ${failure.message}`, "ImagePullBackOff");
    }
    events.record(pod, "Normal", "Pulling", `Pulling image "${image}"`);
    const startedMs = clock.monotonic();
    try {
      await this.#pullShared(pod, image);
    } catch (error) {
      const reason = error instanceof ImagePullError ? error.reason : "ErrImagePull";
      const message = error instanceof Error ? error.message : String(error);
      events.record(pod, "Warning", "Failed", `Failed to pull image "${image}": ${message}`);
      this.#failures.set(key, { atMs: clock.now(), message: `${reason}: ${message}` });
      this.#backOff.next(key, clock.now());
      throw new ConfigError(message, reason);
    }
    this.#failures.delete(key);
    const tookMs = Math.round(clock.monotonic() - startedMs);
    const size = (await this.#options.runtime.imageStatus(image))?.sizeBytes ?? 0;
    const took = formatDurationMs(tookMs);
    events.record(
      pod,
      "Normal",
      "Pulled",
      `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${size} bytes.`,
    );
  }

  /** Pods that want the same image with the same credentials at the same time wait for one pull. */
  async #pullShared(pod: Pod, image: string): Promise<void> {
    const auth = await this.#options.credentials(pod, image);
    const key = `${image} ${auth?.serverAddress ?? ""} ${auth?.username ?? ""}`;
    let pull = this.#pulls.get(key);
    if (pull === undefined) {
      pull = this.#options.runtime.pullImage(image, auth).finally(() => this.#pulls.delete(key));
      this.#pulls.set(key, pull);
    }
    await pull;
  }
}
