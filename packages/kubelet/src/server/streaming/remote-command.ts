import type { IncomingMessage } from "node:http";
import type { StreamIo } from "../../runtime/runtime.ts";

/** Which streams the client of an exec or attach asked for. */
export interface RemoteCommandOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export type Outcome = { readonly exitCode: number } | { readonly error: Error };

/** One accepted exec or attach, whatever protocol carries it. */
export interface RemoteCommandSession {
  readonly io: StreamIo;
  /** Says how it ended and closes. Never fails: the client may be gone. */
  finish(outcome: Outcome): Promise<void>;
}

/** Reads the query of the API server (`stdin=true`) and of the kubelet (`input=1`). A terminal has no error stream of its own. */
export function readRemoteCommandOptions(request: IncomingMessage): RemoteCommandOptions {
  const query = new URL(request.url ?? "/", "http://localhost").searchParams;
  const isSet = (...names: string[]): boolean => names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
  const tty = isSet("tty");
  return { stdin: isSet("stdin", "input"), stdout: isSet("stdout", "output"), stderr: isSet("stderr", "error") && !tty, tty };
}

/** The `Status` that `v4.channel.k8s.io` and later put on the error stream. */
export function statusOf(outcome: Outcome): object {
  if ("error" in outcome) {
    const { message } = outcome.error;
    return { metadata: {}, status: "Failure", message, reason: "InternalError", details: { causes: [{ message }] }, code: 500 };
  }
  const { exitCode } = outcome;
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

/** What goes on the error stream: a `Status` from version 4 on; before, a text, and none after success. */
export function errorStreamText(outcome: Outcome, hasStatus: boolean): string {
  if (hasStatus) return JSON.stringify(statusOf(outcome));
  if ("error" in outcome) return `error executing command in container: ${outcome.error.message}`;
  return outcome.exitCode === 0 ? "" : `command terminated with non-zero exit code: exit status ${outcome.exitCode}`;
}

/** Runs the command on an accepted session and tells the client how it ended. */
export async function runRemoteCommand(session: RemoteCommandSession, run: (io: StreamIo) => Promise<number>): Promise<void> {
  let outcome: Outcome;
  try {
    outcome = { exitCode: await run(session.io) };
  } catch (error) {
    outcome = { error: error instanceof Error ? error : new Error(String(error)) };
  }
  await session.finish(outcome);
}

/** Terminal sizes out of a stream of JSON documents, with or without line feeds between them. */
export async function* parseSizes(source: AsyncIterable<Uint8Array>): AsyncGenerator<{ width: number; height: number }> {
  let text = "";
  for await (const chunk of source) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf("}"); end !== -1; end = text.indexOf("}")) {
      const document = text.slice(0, end + 1);
      text = text.slice(end + 1);
      const size = parseSize(document);
      if (size !== undefined) yield size;
    }
    if (text.length > sizeLimit) return;
  }
}

/** A size takes forty characters or so. */
const sizeLimit = 1024;

function parseSize(document: string): { width: number; height: number } | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(document) as { Width?: unknown; Height?: unknown };
    return typeof width === "number" && typeof height === "number" ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}
