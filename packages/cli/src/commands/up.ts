import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { holdProcess } from "../hold-process.ts";
import { clusterDirectory, permissionError, readRunRecord } from "../home.ts";
import { launch, type LaunchOptions } from "../launch.ts";
import { printSummary, type Summary } from "../summary.ts";
import { UserError } from "../user-error.ts";

/** What the detached process tells the one that started it. */
type DetachedMessage = { type: "ready"; summary: Summary } | { type: "failed"; line: string };

/** `coracle up`: resolves when the cluster has stopped, or, detached, when it is ready. */
export async function up(options: LaunchOptions & { isDetached: boolean }): Promise<void> {
  if (options.isDetached) return startDetached(options);
  const tellParent = process.send === undefined ? undefined : (message: DetachedMessage): void => void process.send?.(message);
  try {
    const launched = await launch(options);
    const summary: Summary = {
      name: options.name,
      url: launched.cluster.url,
      kubeconfigPath: launched.kubeconfigPath,
      dataDirectory: launched.record.dataDirectory,
      isEphemeral: launched.record.isEphemeral,
      runtime: launched.cluster.runtime,
      nodes: launched.cluster.nodeNames,
      readyAfterMs: launched.readyAfterMs,
      isDetached: tellParent !== undefined,
    };
    const stopped = stopOnSignal(() => launched.stop(), tellParent === undefined);
    if (tellParent === undefined) printSummary(summary);
    else {
      tellParent({ type: "ready", summary });
      process.disconnect();
    }
    await stopped;
  } catch (error) {
    tellParent?.({
      type: "failed",
      line:
        error instanceof UserError ? error.toLine() : `coracle: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    });
    throw error;
  }
}

/** Resolves when a signal came and everything has stopped. A second signal ends the process at once. */
function stopOnSignal(stop: () => Promise<void>, isTalkative: boolean): Promise<void> {
  // The clock's timers do not hold the process; this does, until a signal comes.
  const hold = holdProcess();
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const onSignal = (): void => {
      if (isStopping) process.exit(130);
      isStopping = true;
      if (isTalkative) process.stderr.write("\nstopping …\n");
      stop()
        .then(() => {
          hold[Symbol.dispose]();
          if (isTalkative) process.stderr.write("stopped\n");
          resolve();
        })
        .catch(reject);
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
  });
}

async function startDetached(options: LaunchOptions & { isDetached: boolean }): Promise<void> {
  if (readRunRecord(options.name) !== undefined)
    throw new UserError(`cluster "${options.name}" is already running`, `stop it with: coracle down --name ${options.name}`);
  const output = openOutput(options.name);
  const args = process.argv.slice(2).filter((argument) => argument !== "--detach" && argument !== "-d");
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
    detached: true,
    stdio: ["ignore", output, output, "ipc"],
  });
  closeSync(output);
  const message = await new Promise<DetachedMessage>((resolve) => {
    child.once("message", (received) => resolve(received as DetachedMessage));
    child.once("error", (error) => resolve({ type: "failed", line: `coracle: ${error.message}` }));
    child.once("exit", (code, signal) =>
      resolve({
        type: "failed",
        line: `coracle: the cluster's process ended at once (${signal ?? `exit code ${code}`}); its output is in ${outputFile(options.name)}`,
      }),
    );
  });
  if (message.type === "failed") {
    process.stderr.write(`${message.line}\n`);
    process.exitCode = 1;
    return;
  }
  printSummary(message.summary);
  child.removeAllListeners();
  if (child.connected) child.disconnect();
  child.unref();
}

const outputFile = (name: string): string => join(clusterDirectory(name), "output.log");

function openOutput(name: string): number {
  try {
    mkdirSync(clusterDirectory(name), { recursive: true, mode: 0o700 });
    return openSync(outputFile(name), "w", 0o600);
  } catch (error) {
    throw permissionError(error, clusterDirectory(name));
  }
}
