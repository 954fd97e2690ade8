/** Volumes of a pod cannot be mounted now; each message is the text of a FailedMount event. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
  readonly messages: readonly string[];
  constructor(messages: readonly string[]) {
    super(messages.join("; "));
    this.messages = messages;
  }
}
