import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@coracle/client";
import { startCluster } from "@coracle/cluster";

export interface TestClusterOptions {
  /** Defaults to 1. */
  readonly nodes?: number;
}

export interface TestCluster extends AsyncDisposable {
  readonly url: string;
  /** File with the administrator's access, for programs of any language. */
  readonly kubeconfigPath: string;
  /** With the administrator's rights, in process. */
  readonly client: Client;
  stop(): Promise<void>;
}

/** Starts a cluster that is gone without a trace when it is stopped. Resolves when its nodes are Ready. */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), "coracle-test-"));
  const cluster = await startCluster({
    name: "test",
    directory,
    isEphemeral: true,
    port: 0,
    nodeCount: options.nodes ?? 1,
    runtime: "simulated",
  });
  const kubeconfigPath = join(directory, "kubeconfig");
  await writeFile(kubeconfigPath, cluster.kubeconfig, { mode: 0o600 });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { url: cluster.url, kubeconfigPath, client: cluster.client(), stop, [Symbol.asyncDispose]: stop };
}
