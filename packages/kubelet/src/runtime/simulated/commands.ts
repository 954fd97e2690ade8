import type { ContainerConfig } from "../runtime.ts";
import { interpret } from "./script.ts";

/** What running a command in a simulated container prints. Commands that are not understood say so and succeed. */
export async function answerCommand(
  command: readonly string[],
  { config, hostname }: { config: ContainerConfig; hostname: string },
): Promise<{ stdout: string; exitCode: number }> {
  if (command[0]?.split("/").at(-1) === "cat") return cat(command.slice(1), config);
  const env = Object.fromEntries([["HOSTNAME", hostname], ...config.env.map(({ key, value }) => [key, value])]) as Record<string, string>;
  const script = interpret(command, { env, hostname });
  if (script === undefined) {
    return { stdout: `${command.join(" ")}: not run, this container is simulated (see --runtime)\n`, exitCode: 0 };
  }
  const lines = script.steps.flatMap((step) => (step.type === "print" ? [`${step.text}\n`] : []));
  return { stdout: lines.join(""), exitCode: script.exitCode ?? 0 };
}

async function cat(paths: readonly string[], config: ContainerConfig): Promise<{ stdout: string; exitCode: number }> {
  let stdout = "";
  let exitCode = 0;
  for (const path of paths) {
    const content = await readMounted(path, config);
    if (content === undefined) exitCode = 1;
    stdout += content === undefined ? `cat: ${path}: No such file or directory\n` : new TextDecoder().decode(content);
  }
  return { stdout, exitCode };
}

async function readMounted(path: string, { mounts }: ContainerConfig): Promise<Uint8Array | undefined> {
  const inside = mounts
    .filter(({ containerPath }) => path === containerPath || path.startsWith(`${containerPath.replace(/\/$/, "")}/`))
    .sort((left, right) => right.containerPath.length - left.containerPath.length)[0];
  return inside?.readFile?.(path.slice(inside.containerPath.length).replace(/^\//, ""));
}
