import { createCertificateSigningRequest, generateKeyPair, privateKeyToPem } from "@coracle/certificates";
import { describe, expect, test } from "vitest";
import type { Attributes } from "../authorization/attributes.ts";
import type { Authorize } from "./authorize.ts";
import { persistentVolumeClaimResize } from "./defaults-from-classes.ts";
import { denyServiceExternalIps } from "./deny-external-ips.ts";
import { createOwnerReferencesEnforcement } from "./owner-references.ts";
import { selectPlugins } from "./plugin-selection.ts";
import { certificateSubjectRestriction, createCertificateApproval, createCertificateSigning } from "./signers.ts";
import { startToyCluster } from "./toy-cluster.ts";
import { defaultAdmissionPlugins } from "./default-plugins.ts";

/** Allows what one of the texts names, as `verb resource/subresource name`. */
function allowing(...texts: string[]): Authorize {
  const textOf = ({ verb, resource, subresource, name }: Attributes): string =>
    `${verb} ${subresource === "" ? resource : `${resource}/${subresource}`} ${name}`;
  return (attributes) => (texts.includes(textOf(attributes)) ? { type: "allow", reason: "" } : { type: "no-opinion", reason: "no rule" });
}

function request(signerName: string, organizations: string[] = []): object {
  const { privateKey } = generateKeyPair();
  const pem = createCertificateSigningRequest({ commonName: "me", organizations }, privateKeyToPem(privateKey));
  return { metadata: { name: "r" }, spec: { request: Buffer.from(pem).toString("base64"), signerName, usages: ["client auth"] } };
}

describe("certificates", () => {
  const approved = { status: { conditions: [{ type: "Approved", status: "True", reason: "Test", message: "ok" }] } };

  test("are approved by those who may for the signer, or for its domain", async () => {
    for (const right of ["approve signers example.com/a", "approve signers example.com/*"]) {
      const cluster = await startToyCluster([createCertificateApproval(allowing(right))]);
      await cluster.create("CertificateSigningRequest", request("example.com/a"));
      await cluster.patch("CertificateSigningRequest", "r", approved, { subresource: "approval" });
    }
    const cluster = await startToyCluster([createCertificateApproval(allowing("approve signers example.com/b"))]);
    await cluster.create("CertificateSigningRequest", request("example.com/a"));
    await expect(cluster.patch("CertificateSigningRequest", "r", approved, { subresource: "approval" })).rejects.toThrow(
      'certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "example.com/a"',
    );
  });

  test("are signed by those who may", async () => {
    const cluster = await startToyCluster([createCertificateSigning(allowing())]);
    await cluster.create("CertificateSigningRequest", request("example.com/a"));
    const status = { subresource: "status" };
    await cluster.patch("CertificateSigningRequest", "r", { metadata: { labels: { a: "b" } } }, status);
    const failed = { status: { conditions: [{ type: "Failed", status: "True", reason: "Test", message: "no" }] } };
    await expect(cluster.patch("CertificateSigningRequest", "r", failed, status)).rejects.toThrow(
      'user not permitted to sign requests with signerName "example.com/a"',
    );
  });

  test("make nobody a master", async () => {
    const cluster = await startToyCluster([certificateSubjectRestriction]);
    const signer = "kubernetes.io/kube-apiserver-client";
    await expect(cluster.create("CertificateSigningRequest", request(signer, ["system:masters"]))).rejects.toThrow(
      `use of ${signer} signer with system:masters group is not allowed`,
    );
    await cluster.create("CertificateSigningRequest", request(signer, ["developers"]));
  });
});

describe("OwnerReferencesPermissionEnforcement", () => {
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "d", uid: "u" };
  const map = (ownerReferences: object[]) => ({ metadata: { name: "m", ownerReferences } });
  const start = (...rights: string[]) => startToyCluster([createOwnerReferencesEnforcement(allowing(...rights))]);

  test("whoever creates an object chooses its owners", async () => {
    await (await start()).create("ConfigMap", map([owner]));
  });

  test("whoever changes them may delete the object", async () => {
    const cluster = await start("delete configmaps m");
    await cluster.create("ConfigMap", map([]));
    await cluster.patch("ConfigMap", "m", { metadata: { ownerReferences: [owner] } });
    const other = await start();
    await other.create("ConfigMap", map([]));
    await expect(other.patch("ConfigMap", "m", { metadata: { ownerReferences: [owner] } })).rejects.toThrow(
      `configmaps "m" is forbidden: cannot set an ownerRef on a resource you can't delete: no rule, <nil>`,
    );
    await other.patch("ConfigMap", "m", { data: { a: "b" } });
  });

  test("whoever blocks an owner's deletion may set its finalizers", async () => {
    const blocking = { ...owner, blockOwnerDeletion: true };
    await (await start("update deployments/finalizers d")).create("ConfigMap", map([blocking]));
    await (await start("update */finalizers *")).create("ConfigMap", map([blocking]));
    const cluster = await start();
    await expect(cluster.create("ConfigMap", map([blocking]))).rejects.toThrow(
      "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: no rule, <nil>",
    );
    await expect(cluster.create("ConfigMap", map([{ ...blocking, apiVersion: "x.io/v1", kind: "Y" }]))).rejects.toThrow(
      'cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion x.io/v1 Kind Y: no matches for kind "Y" in version "x.io/v1"',
    );
  });
});

test("DenyServiceExternalIPs lets services keep what they have", async () => {
  const cluster = await startToyCluster([denyServiceExternalIps]);
  const service = (externalIPs: string[]) => ({ metadata: { name: "s" }, spec: { ports: [{ port: 80 }], externalIPs } });
  await expect(cluster.create("Service", service(["192.0.2.1"]))).rejects.toThrow("Use of external IPs is denied by admission control");
  await cluster.create("Service", service([]));
});

test("PersistentVolumeClaimResize lets bound claims grow whose class allows it", async () => {
  const cluster = await startToyCluster([persistentVolumeClaimResize]);
  await cluster.create("StorageClass", { metadata: { name: "fixed" }, provisioner: "p" });
  await cluster.create("StorageClass", { metadata: { name: "elastic" }, provisioner: "p", allowVolumeExpansion: true });
  const grow = (name: string) => cluster.patch("PersistentVolumeClaim", name, { spec: { resources: { requests: { storage: "2Gi" } } } });
  for (const storageClassName of ["fixed", "elastic"]) {
    const spec = { accessModes: ["ReadWriteOnce"], storageClassName, volumeName: "v", resources: { requests: { storage: "1Gi" } } };
    await cluster.create("PersistentVolumeClaim", { metadata: { name: storageClassName }, spec });
  }
  // Validation comes before admission has a say.
  await expect(grow("elastic")).rejects.toThrow("spec is immutable after creation except resources.requests");
  for (const name of ["fixed", "elastic"])
    await cluster.patch("PersistentVolumeClaim", name, { status: { phase: "Bound" } }, { subresource: "status" });
  await expect(grow("fixed")).rejects.toThrow(
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
  );
  await grow("elastic");
});

describe("the selection of plug-ins", () => {
  const names = (selection: object): string[] => defaultAdmissionPlugins({ selection }).map(({ name }) => name);

  test("adds and leaves out, in upstream's order", () => {
    const usual = names({});
    expect(usual).toContain("PodSecurity");
    expect(usual).not.toContain("AlwaysPullImages");
    expect(usual.at(-1)).toBe("ResourceQuota");
    const chosen = names({ enabled: ["AlwaysPullImages"], disabled: ["ResourceQuota"] });
    expect(chosen).not.toContain("ResourceQuota");
    expect(chosen.indexOf("AlwaysPullImages")).toBe(chosen.indexOf("PodSecurity") - 1);
    expect(chosen.at(-1)).toBe("ServiceAllocation");
  });

  test("names plug-ins that there are, each once", () => {
    expect(() => names({ enabled: ["Nothing"] })).toThrow('enable-admission-plugins plugin "Nothing" is unknown');
    expect(() => names({ disabled: ["Nothing"] })).toThrow('disable-admission-plugins plugin "Nothing" is unknown');
    const both = ["PodSecurity", "LimitRanger"];
    expect(() => names({ enabled: both, disabled: both })).toThrow(
      "[LimitRanger PodSecurity] in enable-admission-plugins and disable-admission-plugins overlapped",
    );
    expect(selectPlugins([], {})).toEqual([]);
  });
});
