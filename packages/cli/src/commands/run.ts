import { spawn } from "node:child_process";
import { randomNameSuffix, systemRandom } from "@coracle/base";
import { exitCodeOf, onEndSignals } from "../interruption.ts";
import { launchInterruptibly, type LaunchOptions } from "../launch.ts";
import { UserError } from "../user-error.ts";

/**
 * `coracle run -- <command>`: runs a command with the KUBECONFIG of a cluster of its own, which is gone afterwards. Ends with the command's
 * exit code (128 + n after signal n, as shells do).
 */
export async function run(command: readonly string[], options: Omit<LaunchOptions, "name" | "isEphemeral">): Promise<void> {
  const [program, ...args] = command;
  if (program === undefined) throw new UserError("no command to run", "give one after --, as in: coracle run -- kubectl get nodes");
  const launched = await launchInterruptibly({ ...options, name: `run-${randomNameSuffix(systemRandom, 8)}`, isEphemeral: true });
  try {
    process.exitCode = await new Promise<number>((resolve, reject) => {
      const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, KUBECONFIG: launched.kubeconfigPath } });
      onEndSignals((signal) => void child.kill(signal));
      child.once("error", (cause) =>
        reject(
          new UserError(
            `cannot run ${program} (${(cause as NodeJS.ErrnoException).code ?? cause.message})`,
            "check its name and that it is on the PATH",
            { cause },
          ),
        ),
      );
      child.once("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : exitCodeOf(signal))));
    });
  } finally {
    await launched.stop();
  }
}
