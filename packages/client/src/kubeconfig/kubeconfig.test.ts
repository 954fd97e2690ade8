import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildKubeconfig, mergeKubeconfig, removeFromKubeconfig } from "./kubeconfig.ts";
import {
  formatKubeconfig,
  kubeconfigPaths,
  loadKubeconfig,
  loadKubeconfigText,
  mergeKubeconfigText,
  parseKubeconfig,
  resolveContext,
} from "./load.ts";

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "kubeconfig-"))));
afterAll(() => rm(directory, { recursive: true }));

const one = buildKubeconfig({ name: "one", server: "https://127.0.0.1:1", ca: "CA", cert: "CERT", key: "KEY" });
const two = buildKubeconfig({ name: "two", server: "https://127.0.0.1:2", token: "secret", namespace: "apps" });

describe("kubeconfig", () => {
  it("is written as kubectl writes it and read again", async () => {
    const text = await formatKubeconfig(one);
    expect(text).toBe(`apiVersion: v1
kind: Config
clusters:
- name: one
  cluster:
    certificate-authority-data: Q0E=
    server: https://127.0.0.1:1
contexts:
- name: one
  context:
    cluster: one
    user: one-admin
current-context: one
users:
- name: one-admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
`);
    expect(await parseKubeconfig(text)).toEqual(one);
    expect(await resolveContext(one)).toEqual({
      context: "one",
      server: "https://127.0.0.1:1",
      namespace: "default",
      ca: "CA",
      cert: "CERT",
      key: "KEY",
    });
  });

  it("merges, replaces what has the same name, and takes out again what was merged", async () => {
    const merged = mergeKubeconfig(two, one);
    expect(merged["current-context"]).toBe("one");
    expect(merged.clusters.map(({ name }) => name)).toEqual(["two", "one"]);
    const replaced = mergeKubeconfig(merged, buildKubeconfig({ name: "two", server: "https://127.0.0.1:3" }));
    expect(replaced.clusters.find(({ name }) => name === "two")?.cluster.server).toBe("https://127.0.0.1:3");
    expect(await loadKubeconfigText(await mergeKubeconfigText("", await formatKubeconfig(one)))).toMatchObject({
      context: "one",
      key: "KEY",
    });
    expect(removeFromKubeconfig(merged, "one")).toEqual({ ...two, "current-context": "" });
  });

  it("reads a list of files: the first to name something wins, missing files are skipped, relative paths are relative to the file", async () => {
    const [a, b, missing] = [join(directory, "a"), join(directory, "b"), join(directory, "missing")];
    await writeFile(join(directory, "ca.pem"), "CA FILE");
    await writeFile(join(directory, "token"), "from file\n");
    await writeFile(
      a,
      JSON.stringify({
        kind: "Config",
        clusters: [{ name: "two", cluster: { server: "https://other", "certificate-authority": "ca.pem" } }],
        users: [{ name: "two-admin", user: { tokenFile: "token" } }],
      }),
    );
    await writeFile(b, await formatKubeconfig(two));
    const paths = kubeconfigPaths({ KUBECONFIG: [a, missing, b].join(delimiter) }, "/home/x");
    const access = await resolveContext(await loadKubeconfig(paths));
    expect(access).toMatchObject({ context: "two", server: "https://other", namespace: "apps", ca: "CA FILE" });
    expect(await (access.token as () => Promise<string>)()).toBe("from file");
    expect(kubeconfigPaths({}, "/home/x")).toEqual(["/home/x/.kube/config"]);
  });

  it("says what is wrong", async () => {
    await expect(resolveContext(one, "other")).rejects.toThrow('context "other" does not exist');
    await expect(resolveContext(await loadKubeconfig([]))).rejects.toThrow("the kubeconfig has no current context");
    await expect(parseKubeconfig("a: [", "file")).rejects.toThrow("file is not valid YAML");
    await expect(parseKubeconfig("kind: Pod", "file")).rejects.toThrow("file is not a kubeconfig");
  });
});
