import { readFile } from "node:fs/promises";
import type { Pod } from "@coracle/api";
import { containerNameLabel, restartCountOf, terminationMessagePolicyAnnotation } from "../containers/labels.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import type { PodContext } from "./pod-context.ts";
import { terminationMessageFile } from "./start-container.ts";

const maxMessageBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

/** The last words of a container: its termination message file, or the end of its log if the policy says so and it failed. */
export async function readTerminationMessage(context: PodContext, pod: Pod, state: ContainerState): Promise<string> {
  if (context.runtime.usesHostFiles === false) return state.message;
  const name = state.labels[containerNameLabel] ?? state.metadata.name;
  const file = terminationMessageFile(context, pod, name, restartCountOf(state.annotations));
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  if (bytes.length > 0) return bytes.subarray(0, maxMessageBytes).toString();
  if (state.annotations[terminationMessagePolicyAnnotation] !== "FallbackToLogsOnError" || state.exitCode === 0) return state.message;
  return (await tailOfLog(context, state.id)) || state.message;
}

async function tailOfLog({ runtime }: PodContext, containerId: string): Promise<string> {
  const ended = new AbortController();
  let tail = "";
  try {
    for await (const chunk of runtime.readLog(containerId, { follow: false, signal: ended.signal })) {
      tail = (tail + Buffer.from(chunk).toString()).slice(-4 * maxLogBytes);
    }
  } catch {
    return "";
  }
  const lines = tail.split("\n").flatMap((line) => /^\S+ (?:stdout|stderr) [FP] (.*)$/.exec(line)?.[1] ?? []);
  return lines
    .slice(-maxLogLines)
    .map((line) => `${line}\n`)
    .join("")
    .slice(-maxLogBytes);
}
