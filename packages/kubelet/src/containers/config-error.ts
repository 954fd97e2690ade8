/** What a container asks for cannot be had; shown as the reason why it waits. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly reason: string;
  constructor(message: string, reason = "CreateContainerConfigError") {
    super(message);
    this.reason = reason;
  }
}
