import { systemClock } from "@coracle/base";
import { checkClusterName, forget, processStart, readClusterRecord, readRunRecord, removeRunRecord, type RunRecord } from "../home.ts";
import { holdProcess } from "../hold-process.ts";
import { UserError } from "../user-error.ts";

const patienceMs = 60_000;

/** `coracle down`: stops a running cluster and waits until it is gone. A cluster that does not run is no error. */
export async function down(name: string): Promise<void> {
  const run = readRunRecord(checkClusterName(name));
  if (run === undefined) {
    const record = readClusterRecord(name);
    // An ephemeral cluster that was killed cannot clean up after itself.
    if (record?.isEphemeral === true) await forget(record);
    process.stdout.write(`cluster "${name}" is not running\n`);
    return;
  }
  await stopProcess(name, run);
  process.stdout.write(`cluster "${name}" has stopped\n`);
}

/** Sends SIGTERM and waits. @throws {UserError} when it may not, or the process does not end within a minute. */
export async function stopProcess(name: string, run: RunRecord): Promise<void> {
  try {
    process.kill(run.pid, "SIGTERM");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EPERM") {
      throw new UserError(`no permission to stop process ${run.pid}`, "run this as the user who started the cluster", { cause });
    }
  }
  const deadlineMs = systemClock.monotonic() + patienceMs;
  using _hold = holdProcess();
  while (processStart(run.pid) === run.processStart) {
    if (systemClock.monotonic() > deadlineMs)
      throw new UserError(`process ${run.pid} did not stop within ${patienceMs / 1000} s`, `end it with: kill -9 ${run.pid}`);
    await systemClock.sleep(20);
  }
  removeRunRecord(name);
}
