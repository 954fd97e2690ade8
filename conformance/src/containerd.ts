import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { runProgram } from "./coracle.ts";

/** Whether containerd answers here and this user may use it; the reason when not. */
export function containerdProblem(): string | undefined {
  if (process.platform !== "linux") return "containers need Linux";
  if (process.getuid?.() !== 0) return "real containers need root";
  try {
    const output = runProgram("ctr", ["version"], { timeoutMs: 5000 });
    return output.code === 0 ? undefined : output.stderr.trim();
  } catch {
    return "ctr is not installed";
  }
}

const applets = [
  "sh",
  "cat",
  "cp",
  "echo",
  "env",
  "hostname",
  "httpd",
  "id",
  "kill",
  "ls",
  "mkdir",
  "nc",
  "nslookup",
  "printf",
  "ps",
  "sleep",
  "tar",
  "test",
  "touch",
  "true",
  "false",
  "wget",
  "date",
  "grep",
  "head",
  "sed",
  "trap",
];

/** Builds an image with Debian's static busybox and imports it into containerd under every name given. */
export function importBusyboxImage(...names: string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "coracle-image-"));
  try {
    const rootfs = join(folder, "rootfs");
    for (const directory of ["bin", "etc", "tmp", "www", "proc", "sys", "dev"]) mkdirSync(join(rootfs, directory), { recursive: true });
    cpSync("/bin/busybox", join(rootfs, "bin/busybox"));
    for (const applet of applets) symlinkSync("busybox", join(rootfs, "bin", applet));
    addProgram("/usr/bin/curl", rootfs);
    writeFileSync(join(rootfs, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n");
    check("tar", ["-C", rootfs, "--owner=0", "--group=0", "-cf", join(folder, "layer.tar"), "."]);
    const digest = createHash("sha256")
      .update(readFileSync(join(folder, "layer.tar")))
      .digest("hex");
    const config = {
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: { Env: ["PATH=/bin"], Cmd: ["sleep", "2147483647"] },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    writeFileSync(join(folder, "manifest.json"), JSON.stringify([{ Config: "config.json", RepoTags: names, Layers: ["layer.tar"] }]));
    check("tar", ["-C", folder, "-cf", join(folder, "image.tar"), "manifest.json", "config.json", "layer.tar"]);
    check("ctr", ["-n", "k8s.io", "images", "import", join(folder, "image.tar")]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Copies a program of this machine with the libraries it needs: static programs cannot resolve names with Debian's C library. */
function addProgram(program: string, rootfs: string): void {
  const libraries = [...check("ldd", [program]).matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
  for (const file of [program, ...libraries]) {
    const target = join(rootfs, file === program ? join("bin", basename(file)) : file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target, { dereference: true });
  }
}

/** The image that containerd is configured to hold a pod's namespaces with. */
export function sandboxImage(): string {
  return /sandbox_image\s*=\s*"([^"]+)"/.exec(check("containerd", ["config", "dump"]))?.[1] ?? "registry.k8s.io/pause:3.6";
}

function check(command: string, args: readonly string[]): string {
  const output = runProgram(command, args);
  if (output.code !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${output.stderr}`);
  return output.stdout;
}
