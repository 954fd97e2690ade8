/**
 * The `coracle` program: flags → options → one function of `commands/`. What a cluster is made of stands in `@coracle/cluster`; what this
 * program remembers between calls, in `home.ts`; how it words failures, in `explain.ts`.
 */
import { Command, InvalidArgumentError, Option } from "commander";
import type { LogLevel } from "@coracle/base";
import { coracleVersion, kubernetesVersion, type RuntimeChoice } from "@coracle/cluster";
import { InterruptedError } from "./interruption.ts";
import { UserError } from "./user-error.ts";

interface StartFlags {
  dataDir?: string;
  port?: number;
  nodes: number;
  runtime: RuntimeChoice;
  containerdSocket?: string;
  enableAdmissionPlugins?: string[];
  disableAdmissionPlugins?: string[];
  runtimeConfig?: string;
  etcdCompactionInterval?: number;
  logLevel: LogLevel;
}

const program = new Command("coracle")
  .description("A Kubernetes you can carry.")
  .version(`coracle ${coracleVersion} (Kubernetes ${kubernetesVersion})`, "-V, --version")
  .showHelpAfterError("(coracle help shows every command)")
  .configureHelp({ showGlobalOptions: false })
  .enablePositionalOptions();

const withStartFlags = (command: Command): Command =>
  command
    .addOption(new Option("--nodes <count>", "number of nodes").default(1).argParser(wholeNumber(1, 1000)))
    .addOption(new Option("--runtime <runtime>", "what runs the containers").choices(["auto", "containerd", "simulated"]).default("auto"))
    .addOption(new Option("--containerd-socket <path>", "where containerd listens (default: /run/containerd/containerd.sock)"))
    .addOption(
      new Option("--port <port>", "port of the API; 0 takes any free one (default: the last one used, else 6443)").argParser(
        wholeNumber(0, 65535),
      ),
    )
    .addOption(
      new Option(
        "--enable-admission-plugins <names>",
        "admission plug-ins to run besides the default ones, as kube-apiserver names them",
      ).argParser(names),
    )
    .addOption(new Option("--disable-admission-plugins <names>", "default admission plug-ins that are not to run").argParser(names))
    .addOption(
      new Option(
        "--runtime-config <pairs>",
        "versions of the API to serve or not, as kube-apiserver takes them; api/legacy=false turns the retired ones off",
      ).argParser((text: string, earlier?: string) => (earlier === undefined ? text : `${earlier},${text}`)),
    )
    .addOption(
      new Option(
        "--etcd-compaction-interval <duration>",
        "how long the history of changes is kept at least, for watches and lists to resume from (default: 5m)",
      ).argParser(duration),
    )
    .addOption(
      new Option("--log-level <level>", "detail of coracle.log in the data directory")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    );

const named = (command: Command): Command => command.addOption(new Option("--name <name>", "name of the cluster").default("default"));

withStartFlags(named(program.command("up")))
  .description("start a cluster and keep it running")
  .option("--data-dir <directory>", "where the cluster keeps its data (default: under ~/.coracle)")
  .option("--ephemeral", "keep everything in memory; nothing is left when it stops", false)
  .option("-d, --detach", "return once the API is ready and a node is Ready", false)
  .action(async (flags: StartFlags & { name: string; ephemeral: boolean; detach: boolean }) => {
    const { up } = await import("./commands/up.ts");
    await up({ ...flags, isEphemeral: flags.ephemeral, isDetached: flags.detach });
  });

named(program.command("down"))
  .description("stop a running cluster")
  .action(async (flags: { name: string }) => (await import("./commands/down.ts")).down(flags.name));

program
  .command("status")
  .description("say whether clusters run, and where; exits with 3 when the named one does not")
  .option("--name <name>", "name of the cluster (default: all)")
  .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"))
  .action(async (flags: { name?: string; output: "text" | "json" }) =>
    (await import("./commands/status.ts")).status(flags.name, flags.output),
  );

named(program.command("reset"))
  .description("stop a cluster and delete everything it stored")
  .option("-y, --yes", "do not ask", false)
  .action(async (flags: { name: string; yes: boolean }) => (await import("./commands/reset.ts")).reset(flags.name, flags.yes));

named(program.command("kubeconfig"))
  .description("print the kubeconfig of a cluster")
  .addOption(new Option("--path", "print its path instead").default(false).conflicts("merge"))
  .addOption(new Option("--merge", "merge it into your own kubeconfig and make it current").default(false))
  .action(async (flags: { name: string; path: boolean; merge: boolean }) => {
    const { kubeconfig } = await import("./commands/kubeconfig.ts");
    await kubeconfig(flags.name, flags.path ? "path" : flags.merge ? "merge" : "text");
  });

withStartFlags(program.command("run"))
  .description("run a command with the KUBECONFIG of a fresh cluster, then remove the cluster")
  .argument("[command...]", "the command, after --")
  .passThroughOptions()
  .action(async (command: string[], flags: StartFlags) => (await import("./commands/run.ts")).run(command, flags));

program
  .command("version")
  .description("print the version")
  .action(() => void process.stdout.write(`coracle ${coracleVersion} (Kubernetes ${kubernetesVersion}, Node ${process.versions.node})\n`));

/** Separated by commas; the option may also be given several times. */
function names(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, ...text.split(",").map((name) => name.trim())].filter((name) => name !== "");
}

/** In milliseconds. */
function duration(text: string): number {
  const [, amount = "", unit = ""] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const value = Number(amount) * ({ s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 0);
  if (value < 1000 || value > 24 * 3_600_000) throw new InvalidArgumentError("Give a time from 1s to 24h, such as 90s or 5m.");
  return value;
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    return value;
  };
}

try {
  await program.parseAsync();
} catch (error) {
  // All is cleaned up; what may still be starting is not waited for.
  if (error instanceof InterruptedError) process.exit(error.exitCode);
  process.stderr.write(
    error instanceof UserError
      ? `${error.toLine()}\n`
      : `coracle: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
