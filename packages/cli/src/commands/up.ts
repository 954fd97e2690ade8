import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { holdProcess } from "../hold-process.ts";
import { clusterDirectory, readRunRecord, removeClusterDirectory } from "../home.ts";
import { abortOnEndSignals, onEndSignals } from "../interruption.ts";
import { launchInterruptibly, type LaunchOptions } from "../launch.ts";
import { permissionError } from "../permission-error.ts";
import { printSummary, type Summary } from "../summary.ts";
import { UserError } from "../user-error.ts";

/** What the detached process tells the one that started it. */
type DetachedMessage = { type: "ready"; summary: Summary } | { type: "failed"; line: string; isCrash?: boolean };

/** `coracle up`: resolves when the cluster has stopped, or, detached, when it is ready. */
export async function up(options: LaunchOptions & { isDetached: boolean }): Promise<void> {
  if (options.isDetached) return startDetached(options);
  const tellParent = process.send === undefined ? undefined : (message: DetachedMessage): void => void process.send?.(message);
  try {
    const launched = await launchInterruptibly(options);
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
    onEndSignals(onSignal);
  });
}

async function startDetached(options: LaunchOptions & { isDetached: boolean }): Promise<void> {
  if (readRunRecord(options.name) !== undefined)
    throw new UserError(`cluster "${options.name}" is already running`, `stop it with: coracle down --name ${options.name}`);
  // Before anything is made, so that nothing can be left.
  using interruption = abortOnEndSignals();
  const child = spawnDetached(options.name);
  interruption.signal.addEventListener("abort", () => child.kill("SIGTERM"));
  const message = await firstMessage(child, options.name);
  const wasInterrupted = interruption.signal.aborted;
  if (wasInterrupted || message.type === "failed") {
    await ended(child);
    if (wasInterrupted || (message.type === "failed" && message.isCrash !== true)) removeOutput(options.name);
  }
  interruption.signal.throwIfAborted();
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

function spawnDetached(name: string): ChildProcess {
  const output = openOutput(name);
  const args = process.argv.slice(2).filter((argument) => argument !== "--detach" && argument !== "-d");
  try {
    return spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
      detached: true,
      stdio: ["ignore", output, output, "ipc"],
    });
  } finally {
    closeSync(output);
  }
}

function firstMessage(child: ChildProcess, name: string): Promise<DetachedMessage> {
  return new Promise((resolve) => {
    child.once("message", (received) => resolve(received as DetachedMessage));
    child.once("error", (error) => resolve({ type: "failed", line: `coracle: ${error.message}` }));
    child.once("exit", (code, signal) => resolve(crash(name, signal ?? `exit code ${code}`)));
  });
}

function crash(name: string, how: string): DetachedMessage {
  const line = `coracle: the cluster's process ended at once (${how}); its output is in ${outputFile(name)}`;
  return { type: "failed", isCrash: true, line };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

const outputFile = (name: string): string => join(clusterDirectory(name), "output.log");

function removeOutput(name: string): void {
  rmSync(outputFile(name), { force: true });
  removeClusterDirectory(name);
}

function openOutput(name: string): number {
  try {
    mkdirSync(clusterDirectory(name), { recursive: true, mode: 0o700 });
    return openSync(outputFile(name), "w", 0o600);
  } catch (error) {
    throw permissionError(error, clusterDirectory(name));
  }
}
