import { readFile } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";

/** What the whole machine has used. */
export interface MachineUsage {
  /** Since it started, of all its CPUs. */
  readonly cpuNanoseconds: number;
  /** Memory in use without what file caches could give back. */
  readonly workingSetBytes: number;
  readonly usageBytes: number;
  readonly availableBytes: number;
}

const nanosecondsPerMs = 1e6;

/** Measures the machine that this process runs on. */
export async function measureMachine(): Promise<MachineUsage> {
  const cpuMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const memory = parseMeminfo(await readFile("/proc/meminfo", "utf8").catch(() => ""));
  const total = memory.get("MemTotal") ?? totalmem();
  const usageBytes = total - (memory.get("MemFree") ?? freemem());
  const workingSetBytes = Math.max(0, usageBytes - (memory.get("Inactive(file)") ?? 0));
  return { cpuNanoseconds: cpuMs * nanosecondsPerMs, workingSetBytes, usageBytes, availableBytes: total - workingSetBytes };
}

/** Bytes by name. */
function parseMeminfo(text: string): Map<string, number> {
  return new Map([...text.matchAll(/^(\S+):\s+(\d+) kB$/gm)].map(([, name = "", kibibytes]) => [name, Number(kibibytes) * 1024]));
}
