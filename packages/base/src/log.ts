/** Structured logging as a dependency. Fields are plain data; never put Secrets or tokens in them. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Drops everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};

const severity: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface JsonLoggerOptions {
  /** Receives one line of JSON, without its line feed. */
  write(line: string): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Defaults to `info`. */
  level?: LogLevel;
  fields?: LogFields;
}

/** One JSON object a line: `time`, `level`, `msg`, then the fields; an `error` field gets its stack. */
export function createJsonLogger(options: JsonLoggerOptions): Logger {
  const threshold = severity[options.level ?? "info"];
  const emit = (level: LogLevel, msg: string, fields?: LogFields): void => {
    if (severity[level] < threshold) return;
    const record = { time: new Date(options.now()).toISOString(), level, msg, ...options.fields, ...fields };
    options.write(JSON.stringify(record, (_key, value: unknown) => (value instanceof Error ? (value.stack ?? value.message) : value)));
  };
  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    with: (fields) => createJsonLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}
