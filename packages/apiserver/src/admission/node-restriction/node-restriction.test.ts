import { generateKeyPair, privateKeyToPem, createCertificateSigningRequest } from "@coracle/certificates";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { beforeEach, describe, expect, test } from "vitest";
import { startToyCluster, type ToyCluster } from "../toy-cluster.ts";
import { createNodeRestriction } from "./node-restriction.ts";

const user = { name: "system:node:n1", groups: ["system:nodes"] };
const asNode = { user };
let cluster: ToyCluster;
let node: UnstructuredObject;

beforeEach(async () => {
  const allowed = "special";
  const authorize = ({ resource }: { resource: string }) =>
    resource === allowed ? { type: "allow" as const, reason: "" } : { type: "no-opinion" as const, reason: "" };
  cluster = await startToyCluster([createNodeRestriction(authorize)]);
  node = await cluster.create("Node", { metadata: { name: "n1" } }, asNode);
  await cluster.create("Node", { metadata: { name: "n2" } });
});

const pod = (name: string, nodeName: string, more: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { nodeName, containers: [{ name: "c", image: "i" }], ...more },
});

describe("nodes", () => {
  const create = (metadata: object, spec = {}) =>
    cluster.create("Node", { metadata: { name: "n3", ...metadata }, spec }, { user: { ...user, name: "system:node:n3" } });

  test("are their own only", async () => {
    await expect(cluster.create("Node", { metadata: { name: "n9" } }, asNode)).rejects.toMatchObject({
      code: 403,
      message: 'nodes "n9" is forbidden: node "n1" is not allowed to modify node "n9"',
    });
    await expect(cluster.delete("Node", "n2", {}, asNode)).rejects.toThrow('node "n1" is not allowed to modify node "n2"');
  });

  test("choose labels within bounds", async () => {
    const labels = { "kubernetes.io/hostname": "n3", "a.node.kubernetes.io/b": "", "example.com/a": "", plain: "" };
    await create({ labels });
    const more = {
      "node-restriction.kubernetes.io/x": "",
      "x.node-restriction.kubernetes.io/y": "",
      "k8s.io/z": "",
      "a.kubernetes.io/z": "",
    };
    await expect(cluster.create("Node", { metadata: { name: "n1", labels: more } }, asNode)).rejects.toThrow(
      'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: a.kubernetes.io/z, k8s.io/z, node-restriction.kubernetes.io/x, x.node-restriction.kubernetes.io/y',
    );
    await cluster.patch("Node", "n1", { metadata: { labels: { "node-restriction.kubernetes.io/x": "1" } } });
    await cluster.patch("Node", "n1", { metadata: { labels: { plain: "1" } } }, asNode);
    const removal = cluster.patch("Node", "n1", { metadata: { labels: { "node-restriction.kubernetes.io/x": null } } }, asNode);
    await expect(removal).rejects.toThrow('nodes "n1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/x');
  });

  test("keep their taints and owners", async () => {
    const taints = [{ key: "a", effect: "NoSchedule" }];
    await create({}, { taints });
    await expect(cluster.patch("Node", "n1", { spec: { taints } }, asNode)).rejects.toThrow('node "n1" is not allowed to modify taints');
    const ownerReferences = [{ apiVersion: "v1", kind: "Node", name: "n2", uid: "u" }];
    await expect(cluster.patch("Node", "n1", { metadata: { ownerReferences } }, asNode)).rejects.toThrow(
      'node "n1" is not allowed to modify ownerReferences',
    );
    await cluster.patch("Node", "n1", { status: { phase: "Running" } }, { ...asNode, subresource: "status" });
  });

  test("have a name", async () => {
    await expect(cluster.create("Node", { metadata: { name: "x" } }, { user: { ...user, name: "system:node:" } })).rejects.toThrow(
      'could not determine node from user "system:node:"',
    );
  });
});

describe("pods", () => {
  const annotations = { "kubernetes.io/config.mirror": "hash" };
  const owner = (more: object = {}) => ({
    annotations,
    ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "n1", uid: node.metadata.uid, controller: true, ...more }],
  });
  const refused = (object: object, cause: string): Promise<void> =>
    expect(cluster.create("Pod", object, asNode)).rejects.toThrow(`pods "p" is forbidden: ${cause}`);

  test("are made as mirrors only", async () => {
    await cluster.create("Pod", pod("p", "n1", {}, owner()), asNode);
    await refused(pod("p", "n1"), 'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods');
    await refused(pod("p", "n2", {}, { annotations }), 'node "n1" can only create pods with spec.nodeName set to itself');
    await refused(pod("p", "n1", {}, { annotations }), 'node "n1" can only create pods with an owner reference set to itself');
    await refused(
      pod("p", "n1", {}, owner({ controller: false })),
      'node "n1" can only create pods with a controller owner reference set to itself',
    );
    await refused(
      pod("p", "n1", {}, owner({ blockOwnerDeletion: true })),
      'node "n1" must not set blockOwnerDeletion on an owner reference',
    );
    await refused(pod("p", "n1", {}, owner({ uid: "other" })), `node n1 UID mismatch: expected other got ${node.metadata.uid}`);
  });

  test.each([
    [{ serviceAccountName: "default" }, "serviceaccounts"],
    [{ imagePullSecrets: [{ name: "s" }] }, "secrets"],
    [{ containers: [{ name: "c", image: "i", envFrom: [{ configMapRef: { name: "m" } }] }] }, "configmaps"],
    [{ volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] }, "persistentvolumeclaims"],
    [{ volumes: [{ name: "v", csi: { driver: "d" } }] }, "csidrivers (via CSI volumes)"],
    [
      { volumes: [{ name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] },
      "serviceaccounts (via projected volumes)",
    ],
    [
      {
        volumes: [
          { name: "v", hostPath: { path: "/" } },
          { name: "w", emptyDir: {} },
          { name: "x", secret: { secretName: "s" } },
        ],
      },
      "secrets",
    ],
  ])("that are mirrors do not refer to the API: %j", async (spec, what) => {
    await refused(pod("p", "n1", spec, owner()), `node "n1" can not create pods that reference ${what}`);
  });

  test("are ended and judged where they run", async () => {
    await cluster.create("Pod", pod("mine", "n1"));
    await cluster.create("Pod", pod("other", "n2"));
    const status = { ...asNode, subresource: "status" };
    await cluster.patch("Pod", "mine", { status: { phase: "Running" } }, status);
    await expect(cluster.patch("Pod", "mine", { metadata: { labels: { a: "b" } } }, status)).rejects.toThrow(
      'node "n1" cannot update labels through pod status',
    );
    await expect(cluster.patch("Pod", "other", { status: { phase: "Running" } }, status)).rejects.toThrow(
      'node "n1" can only update pod status for pods with spec.nodeName set to itself',
    );
    await expect(cluster.patch("Pod", "mine", { metadata: { labels: { a: "b" } } }, asNode)).rejects.toThrow(
      'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
    );
    await expect(cluster.delete("Pod", "other", {}, asNode)).rejects.toThrow(
      'node "n1" can only delete pods with spec.nodeName set to itself',
    );
    const evict = (name: string) =>
      cluster.create("Pod", { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } }, { ...asNode, subresource: "eviction" });
    await expect(evict("other")).rejects.toThrow("node n1 can only evict pods with spec.nodeName set to itself");
    await expect(evict("gone")).rejects.toThrow('pod "gone" not found');
    const binding = { metadata: { name: "mine" }, target: { kind: "Node", name: "n1" } };
    await expect(cluster.create("Pod", binding, { ...asNode, subresource: "binding" })).rejects.toThrow(
      `unexpected pod subresource "binding", only 'status' and 'eviction' are allowed`,
    );
    await cluster.delete("Pod", "mine", { gracePeriodSeconds: 0 }, asNode);
  });
});

describe("tokens", () => {
  const token = (boundObjectRef: object | undefined, audiences: string[] = []) =>
    cluster.create(
      "ServiceAccount",
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        metadata: {},
        spec: { audiences, ...(boundObjectRef && { boundObjectRef }) },
      },
      { ...asNode, subresource: "token", name: "default" },
    );
  const refused = (result: Promise<unknown>, cause: string): Promise<void> =>
    expect(result).rejects.toThrow(`serviceaccounts "default" is forbidden: ${cause}`);

  test("are for the node's pods and what these name", async () => {
    const volumes = [
      { name: "t", projected: { sources: [{ serviceAccountToken: { path: "t", audience: "vault" } }] } },
      { name: "d", csi: { driver: "driver.example.com" } },
    ];
    const { metadata } = await cluster.create("Pod", pod("p", "n1", { serviceAccountName: "default", volumes }));
    await cluster.create("CSIDriver", { metadata: { name: "driver.example.com" }, spec: { tokenRequests: [{ audience: "storage" }] } });
    const other = await cluster.create("Pod", pod("q", "n2"));
    const reference = { apiVersion: "v1", kind: "Pod", name: "p", uid: metadata.uid };
    await refused(token(undefined), "node requested token not bound to a pod");
    await refused(token({ ...reference, uid: "" }), "node requested token with a pod binding without a uid");
    await refused(
      token({ ...reference, uid: "old" }),
      "the UID in the bound object reference (old) does not match the UID in record. The object might have been deleted and then recreated",
    );
    await refused(
      token({ ...reference, name: "q", uid: other.metadata.uid }),
      "node requested token bound to a pod scheduled on a different node",
    );
    await refused(token(reference, ["a", "b"]), "node may only request 0 or 1 audiences");
    await refused(
      token(reference, ["x"]),
      'audience "x" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
    );
    for (const audience of ["vault", "storage", "special"])
      expect(await token(reference, [audience])).toMatchObject({ kind: "TokenRequest" });
  });
});

describe("other objects", () => {
  test("leases and CSI nodes have the node's name", async () => {
    const lease = (name: string) => cluster.create("Lease", { metadata: { name } }, asNode);
    await expect(lease("n1")).rejects.toThrow('can only access leases in the "kube-node-lease" system namespace');
    const csiNode = (name: string) => cluster.create("CSINode", { metadata: { name }, spec: { drivers: [] } }, asNode);
    await csiNode("n1");
    await expect(csiNode("n2")).rejects.toThrow("can only access CSINode with the same name as the requesting node");
  });

  test("slices are of the node", async () => {
    const slice = (nodeName: string) =>
      cluster.create(
        "ResourceSlice",
        { metadata: { name: nodeName }, spec: { nodeName, driver: "d", pool: { name: "p", generation: 1, resourceSliceCount: 1 } } },
        asNode,
      );
    await slice("n1");
    await expect(slice("n2")).rejects.toThrow("can only create ResourceSlice with the same NodeName as the requesting node");
  });

  test("certificates are in the node's name", async () => {
    const { privateKey } = generateKeyPair();
    const ask = (commonName: string, signerName: string) => {
      const request = Buffer.from(createCertificateSigningRequest({ commonName }, privateKeyToPem(privateKey))).toString("base64");
      return cluster.create(
        "CertificateSigningRequest",
        { metadata: { generateName: "c-" }, spec: { request, signerName, usages: ["digital signature"] } },
        asNode,
      );
    };
    await ask("system:node:n1", "kubernetes.io/kubelet-serving");
    await ask("system:node:n2", "example.com/other");
    await expect(ask("system:node:n2", "kubernetes.io/kube-apiserver-client-kubelet")).rejects.toThrow(
      "can only create a node CSR with CN=system:node:n1",
    );
  });

  test("claims change in their growth only", async () => {
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await cluster.create("PersistentVolumeClaim", { metadata: { name: "v" }, spec });
    const change = (patch: object) => cluster.patch("PersistentVolumeClaim", "v", patch, { ...asNode, subresource: "status" });
    await change({ status: { capacity: { storage: "2Gi" }, conditions: [] } });
    await expect(change({ metadata: { labels: { a: "b" } } })).rejects.toThrow(
      'node "n1" is not allowed to update fields other than status.quantity and status.conditions',
    );
    await expect(cluster.patch("PersistentVolumeClaim", "v", { metadata: { labels: { a: "b" } } }, asNode)).rejects.toThrow(
      "may only update PVC status",
    );
  });
});
