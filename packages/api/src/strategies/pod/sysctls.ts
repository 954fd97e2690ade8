import type { Findings } from "@coracle/apimachinery";
import type { PodSpec } from "../../generated/types.ts";
import type { PodContext } from "./context.ts";

const limit = 253;
const segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const pattern = `^(${segment}[\\./])*${segment}$`;
const shape = new RegExp(pattern);

const ipcNames = new Set([
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
  "kernel.shm",
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.msg",
]);

export function validateSysctls(at: string, { spec, out, allow }: PodContext): void {
  const names = new Set<string>();
  for (const [index, { name }] of (spec.securityContext?.sysctls ?? []).entries()) {
    const here = `${at}[${index}].name`;
    validateName(name, here, names, out);
    const setting = isNamespacedWithHost(name, spec);
    if (setting !== undefined && !allow.hostSysctls()) out.invalid(here, name, `may not be specified when '${setting}' is true`);
    names.add(name);
  }
}

function validateName(name: string, at: string, names: ReadonlySet<string>, out: Findings): void {
  if (!name) out.required(at);
  else if (name.length > limit || !shape.test(name))
    out.invalid(at, name, `must have at most ${limit} characters and match regex ${pattern}`);
  else if (names.has(name)) out.duplicate(at, name);
}

/** The setting that makes the pod share the sysctl's namespace with its host, if it does. */
export function isNamespacedWithHost(sysctl: string, spec: Readonly<PodSpec>): "hostNetwork" | "hostIPC" | undefined {
  const name = withDots(sysctl).split("*")[0] as string;
  if (spec.hostNetwork === true && name.startsWith("net.")) return "hostNetwork";
  return spec.hostIPC === true && (ipcNames.has(name) || name.startsWith("fs.mqueue.")) ? "hostIPC" : undefined;
}

/** Where the first separator is a slash, slashes separate and dots do not. */
function withDots(name: string): string {
  const slash = name.indexOf("/");
  const dot = name.indexOf(".");
  if (slash < 0 || (dot >= 0 && dot < slash)) return name;
  return name.replaceAll(/[./]/g, (character) => (character === "/" ? "." : "/"));
}
