import { intOf } from "@coracle/apimachinery";
import type { Container, LifecycleHandler } from "@coracle/api";
import type { PodSandbox } from "../runtime/runtime.ts";
import type { PodContext } from "./pod-context.ts";

export interface HookTarget {
  readonly containerId: string;
  readonly container: Container;
  readonly sandbox: PodSandbox;
  readonly timeoutSeconds: number;
}

/** Runs a postStart or preStop handler to its end. @throws when it fails. */
export async function runHook(context: PodContext, handler: LifecycleHandler, target: HookTarget): Promise<void> {
  const { runtime, clock, nodeAddress } = context;
  if (handler.exec !== undefined) {
    const { exitCode } = await runtime.execSync(target.containerId, handler.exec.command ?? [], target.timeoutSeconds);
    if (exitCode !== 0) {
      const name = target.container.name;
      throw new Error(
        `Exec lifecycle hook (${JSON.stringify(handler.exec.command)}) for Container "${name}" failed - error: command exited with ${exitCode}`,
      );
    }
  } else if (handler.httpGet !== undefined) {
    const { host, path = "/", port, scheme, httpHeaders } = handler.httpGet;
    const { isSuccess, output } = await runtime.probeNetwork(target.sandbox.id, {
      type: "http",
      host: host ?? target.sandbox.ips[0] ?? nodeAddress,
      port: portNumber(target.container, port),
      path,
      scheme: scheme === "HTTPS" ? "HTTPS" : "HTTP",
      headers: (httpHeaders ?? []).map(({ name, value }) => ({ name, value })),
      timeoutMs: target.timeoutSeconds * 1000,
    });
    if (!isSuccess) throw new Error(output);
  } else if (handler.sleep !== undefined) {
    await clock.sleep(Math.min(handler.sleep.seconds, target.timeoutSeconds) * 1000);
  }
}

/** A port given by number or by the name of a container port; 0 when there is no such name. */
export function portNumber(container: Container, port: number | string): number {
  return intOf(port) ?? container.ports?.find(({ name }) => name === port)?.containerPort ?? 0;
}
