import { describe, expect, test } from "vitest";
import { startToyCluster, type ToyCluster } from "../toy-cluster.ts";
import { serviceAccount } from "./service-account.ts";

async function start(account: object = {}): Promise<ToyCluster> {
  const cluster = await startToyCluster([serviceAccount]);
  await cluster.create("ServiceAccount", { metadata: { name: "default" }, ...account });
  return cluster;
}

const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});

describe("accounts", () => {
  test("are the default one unless others are named, and exist", async () => {
    const cluster = await start({ imagePullSecrets: [{ name: "registry" }] });
    const { spec } = (await cluster.create("Pod", pod("a"))) as { spec?: unknown };
    expect(spec).toMatchObject({ serviceAccountName: "default", serviceAccount: "default", imagePullSecrets: [{ name: "registry" }] });
    await expect(cluster.create("Pod", pod("b", { serviceAccountName: "other" }))).rejects.toThrow(
      'pods "b" is forbidden: error looking up service account ns/other: serviceaccount "other" not found',
    );
    const own = await cluster.create("Pod", pod("b", { imagePullSecrets: [{ name: "mine" }] }));
    expect(own["spec"]).toMatchObject({ imagePullSecrets: [{ name: "mine" }] });
  });
});

describe("tokens", () => {
  const volumesOf = (made: object): { name: string; projected?: { sources: object[] } }[] =>
    (made as { spec: { volumes?: { name: string }[] } }).spec.volumes ?? [];

  test("are mounted into each container that has nothing at their place", async () => {
    const cluster = await start();
    const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    const containers = [
      { name: "c", image: "i" },
      { name: "d", image: "i", volumeMounts: [{ name: "v", mountPath }] },
    ];
    const made = await cluster.create("Pod", pod("a", { containers, volumes: [{ name: "v", emptyDir: {} }] }));
    const [, token] = volumesOf(made);
    expect(token?.name).toMatch(/^kube-api-access-/);
    expect(token?.projected?.sources).toHaveLength(3);
    expect(made["spec"]).toMatchObject({
      containers: [{ volumeMounts: [{ name: token?.name, readOnly: true, mountPath }] }, { volumeMounts: [{ name: "v", mountPath }] }],
    });
  });

  test("are left out where the pod, or else the account, says so", async () => {
    const cluster = await start({ automountServiceAccountToken: false });
    expect(volumesOf(await cluster.create("Pod", pod("a")))).toEqual([]);
    expect(volumesOf(await cluster.create("Pod", pod("b", { automountServiceAccountToken: true })))).toHaveLength(1);
  });
});

describe("secrets", () => {
  const annotations = { "kubernetes.io/enforce-mountable-secrets": "true" };
  const limited = { metadata: { name: "default", annotations }, secrets: [{ name: "known" }], imagePullSecrets: [{ name: "registry" }] };
  const env = [{ name: "E", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
  const envFrom = [{ secretRef: { name: "s" } }];
  const container = { name: "c", image: "i" };
  const end = 'secret.secretName="s" is not allowed because service account default does not reference that secret';

  test.each([
    [{ volumes: [{ name: "v", secret: { secretName: "s" } }] }, `volume with ${end}`],
    [{ containers: [{ ...container, env }] }, `container c with envVar E referencing ${end}`],
    [{ containers: [{ ...container, envFrom }] }, `container c with envFrom referencing ${end}`],
    [{ initContainers: [{ name: "i", image: "i", env }] }, `init container i with envVar E referencing ${end}`],
    [
      { imagePullSecrets: [{ name: "registry" }, { name: "s" }] },
      'imagePullSecrets[1].name="s" is not allowed because service account default does not reference that imagePullSecret',
    ],
  ])("of a limited account: %j", async (spec, message) => {
    const cluster = await start(limited);
    await expect(cluster.create("Pod", pod("a", spec))).rejects.toThrow(`pods "a" is forbidden: ${message}`);
    await (await start()).create("Pod", pod("a", spec));
  });

  test("of ephemeral containers are limited too", async () => {
    const cluster = await start(limited);
    await cluster.create("Pod", pod("a", { volumes: [{ name: "v", secret: { secretName: "known" } }] }));
    const defaults = { terminationMessagePolicy: "File", imagePullPolicy: "Always" };
    const ephemeralContainers = [{ name: "e", image: "i", envFrom, ...defaults }];
    const added = cluster.patch("Pod", "a", { spec: { ephemeralContainers } }, { subresource: "ephemeralcontainers" });
    await expect(added).rejects.toThrow(`ephemeral container e with envFrom referencing ${end}`);
  });
});

describe("mirrors of static pods", () => {
  const metadata = { annotations: { "kubernetes.io/config.mirror": "x" } };
  test.each([
    [{ serviceAccountName: "default" }, "a mirror pod may not reference service accounts"],
    [{ volumes: [{ name: "v", secret: { secretName: "s" } }] }, "a mirror pod may not reference secrets"],
    [
      { volumes: [{ name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] },
      "a mirror pod may not use ServiceAccountToken volume projections",
    ],
  ])("know nothing of the API: %j", async (spec, message) => {
    const cluster = await start();
    await expect(cluster.create("Pod", pod("a", spec, metadata))).rejects.toThrow(`pods "a" is forbidden: ${message}`);
  });

  test("stay as they are", async () => {
    const cluster = await start();
    const made = await cluster.create("Pod", pod("a", { nodeName: "n" }, metadata));
    expect((made["spec"] as Record<string, unknown>)["serviceAccountName"]).toBeUndefined();
  });
});
