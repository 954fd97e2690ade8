/** What a simulated process will do: print, wait, end. */
export interface Script {
  readonly steps: readonly Step[];
  /** Undefined: it runs until it is stopped. */
  readonly exitCode?: number;
}

export type Step = { readonly type: "print"; readonly text: string } | { readonly type: "sleep"; readonly durationMs: number };

export interface ScriptEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly hostname: string;
}

const shells = new Set(["sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash", "/usr/bin/bash"]);

/**
 * Reads the few commands that demonstrations are made of: `echo`, `sleep N`, `exit N`, `true`, `false`, `hostname`, `env`, joined by
 * `;`, `&&` or new lines, directly or through `sh -c`. Undefined when there is anything else in it: nothing is guessed.
 */
export function interpret(argv: readonly string[], environment: ScriptEnvironment): Script | undefined {
  const [program = "", flag = "", source] = argv;
  if (shells.has(program) && /^-[a-z]*c$/.test(flag) && source !== undefined) return interpretShell(source, environment);
  return runCommand(argv, environment);
}

function interpretShell(source: string, environment: ScriptEnvironment): Script | undefined {
  if (/[`|<>*]|\$\(|(^|\s)(while|for|if|until|case|trap|exec)\s/.test(source)) return undefined;
  const steps: Step[] = [];
  let exitCode: number | undefined = 0;
  const commands = source.split(/;|\n|(&&)/).filter((part) => part !== undefined && part.trim() !== "");
  let isConditional = false;
  for (const command of commands) {
    if (command === "&&") {
      isConditional = true;
      continue;
    }
    if (isConditional && exitCode !== 0) continue;
    isConditional = false;
    const words = splitWords(expand(command.trim(), environment));
    if (words[0] === "exit") return { steps, exitCode: Number(words[1] ?? exitCode) };
    const script = runCommand(words, environment);
    if (script === undefined) return undefined;
    steps.push(...script.steps);
    if (script.exitCode === undefined) return { steps };
    exitCode = script.exitCode;
  }
  return { steps, exitCode };
}

function runCommand(argv: readonly string[], { env, hostname }: ScriptEnvironment): Script | undefined {
  const [program = "", ...args] = argv;
  switch (program.split("/").at(-1)) {
    case "echo": {
      const words = args[0] === "-n" || args[0] === "-e" ? args.slice(1) : args;
      return { steps: [{ type: "print", text: words.join(" ") }], exitCode: 0 };
    }
    case "sleep":
      return sleep(args[0] ?? "");
    case "true":
    case ":":
      return { steps: [], exitCode: 0 };
    case "false":
      return { steps: [], exitCode: 1 };
    case "hostname":
      return { steps: [{ type: "print", text: hostname }], exitCode: 0 };
    case "env":
    case "printenv":
      return args.length === 0 ? { steps: [{ type: "print", text: envText(env) }], exitCode: 0 } : undefined;
    default:
      return undefined;
  }
}

function sleep(duration: string): Script | undefined {
  if (duration === "infinity" || duration === "inf") return { steps: [] };
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(duration);
  if (match === null) return undefined;
  const unit = { "": 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? ""] ?? 1000;
  return { steps: [{ type: "sleep", durationMs: Number(match[1]) * unit }], exitCode: 0 };
}

/** `KEY=value` lines. */
export function envText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");
}

function expand(text: string, { env, hostname }: ScriptEnvironment): string {
  return text.replace(/\$\{?([A-Za-z_]\w*)\}?/g, (_whole, name: string) => env[name] ?? (name === "HOSTNAME" ? hostname : ""));
}

function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? "");
}
