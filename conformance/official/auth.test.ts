/** Service accounts, their tokens, reviews of rights, certificate signing requests. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../src/coracle.ts";
import { official } from "./list.ts";
import type { Thing } from "./calls.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeAll(() => {
  scene = new Scene("auth");
});
afterAll(() => scene[Symbol.dispose]());

const createAccount = (namespace: string, name: string, fields: object = {}): Promise<Thing> =>
  scene.expect(201, `POST /api/v1/namespaces/${namespace}/serviceaccounts`, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name },
    ...fields,
  });

describe("service accounts", () => {
  it(official("auth", "ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview"), async () => {
    const namespace = await scene.newNamespace();
    const account = await createAccount(namespace, "robot");
    const { status } = await scene.expect<{ status: { token: string; expirationTimestamp: string } }>(
      201,
      `POST /api/v1/namespaces/${namespace}/serviceaccounts/robot/token`,
      { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
    );
    expect(Date.parse(status.expirationTimestamp)).toBeGreaterThan(Date.now());
    const review = (token: string): Promise<{ status: object }> =>
      scene.expect(201, "POST /apis/authentication.k8s.io/v1/tokenreviews", {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token },
      });
    expect((await review(status.token)).status).toMatchObject({
      authenticated: true,
      user: {
        username: `system:serviceaccount:${namespace}:robot`,
        uid: account.metadata.uid,
        groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
      },
    });
    const [head = "", claims = "", signature = ""] = status.token.split(".");
    const forged = `${head}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    expect((await review(forged)).status).not.toMatchObject({ authenticated: true });
  });

  it(official("auth", "ServiceAccounts should allow opting out of API token automount"), async () => {
    const namespace = await scene.newNamespace();
    const choices = { unset: undefined, yes: true, no: false };
    for (const [account, automountServiceAccountToken] of Object.entries(choices)) {
      await createAccount(namespace, account, { automountServiceAccountToken });
      for (const [pod, ofPod] of Object.entries(choices)) {
        const made = await scene.expect<{ spec: { containers: { volumeMounts?: { mountPath: string }[] }[] } }>(
          201,
          `POST /api/v1/namespaces/${namespace}/pods`,
          {
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name: `account-${account}-pod-${pod}` },
            spec: { serviceAccountName: account, automountServiceAccountToken: ofPod, containers: [{ name: "c", image: "i" }] },
          },
        );
        const paths = made.spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
        const isMounted = ofPod ?? automountServiceAccountToken ?? true;
        expect([account, pod, paths]).toEqual([account, pod, isMounted ? ["/var/run/secrets/kubernetes.io/serviceaccount"] : []]);
      }
    }
  });

  it(official("auth", "ServiceAccounts should update a ServiceAccount"), async () => {
    const namespace = await scene.newNamespace();
    const account = await createAccount(namespace, "robot", { automountServiceAccountToken: false });
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/robot`;
    const updated = await scene.expect(200, `PUT ${path}`, { ...account, automountServiceAccountToken: true });
    expect(updated["automountServiceAccountToken"]).toBe(true);
    expect((await scene.expect(200, `GET ${path}`))["automountServiceAccountToken"]).toBe(true);
  });

  it(official("auth", "ServiceAccounts should guarantee kube-root-ca.crt exist in any namespace"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps/kube-root-ca.crt`;
    const authority = async (): Promise<string> =>
      (await scene.expect<{ data: Record<string, string> }>(200, `GET ${path}`)).data["ca.crt"] ?? "";
    await eventually(async () => expect(await authority()).toMatch(/^-----BEGIN CERTIFICATE-----/));
    const original = await authority();
    await scene.expect(200, `DELETE ${path}`);
    await eventually(async () => expect(await authority()).toBe(original), 60_000);
    await scene.merge(path, { data: { "ca.crt": "" } });
    await eventually(async () => expect(await authority()).toBe(original), 60_000);
  });
});

describe("reviews", () => {
  it(official("auth", "SubjectReview should support SubjectReview API operations"), async () => {
    const namespace = await scene.newNamespace();
    const { metadata } = await createAccount(namespace, "e2e");
    const user = `system:serviceaccount:${namespace}:e2e`;
    const groups = ["system:authenticated", "system:serviceaccounts", `system:serviceaccounts:${namespace}`];
    const spec = {
      resourceAttributes: { verb: "list", resource: "configmaps", namespace, version: "v1" },
      user,
      groups,
      uid: metadata.uid,
    };
    const isAllowed = async (): Promise<boolean[]> => {
      const review = { apiVersion: "authorization.k8s.io/v1", metadata: { namespace }, spec };
      const group = "/apis/authorization.k8s.io/v1";
      type Review = { status: { allowed: boolean } };
      const local = await scene.expect<Review>(201, `POST ${group}/namespaces/${namespace}/localsubjectaccessreviews`, {
        ...review,
        kind: "LocalSubjectAccessReview",
      });
      const everywhere = await scene.expect<Review>(201, `POST ${group}/subjectaccessreviews`, {
        ...review,
        kind: "SubjectAccessReview",
        metadata: {},
      });
      const impersonation = { "impersonate-user": user, "impersonate-uid": metadata.uid };
      const headers = { ...impersonation, "impersonate-group": groups as unknown as string };
      const { code } = await scene.api.call("GET", `/api/v1/namespaces/${namespace}/configmaps`, { headers });
      expect(code).toBeOneOf([200, 403]);
      return [local.status.allowed, everywhere.status.allowed, code === 200];
    };
    expect(await isAllowed()).toEqual([false, false, false]);
    await scene.expect(201, `POST /apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "view" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "ServiceAccount", name: "e2e", namespace }],
    });
    await eventually(async () => expect(await isAllowed()).toEqual([true, true, true]));
  });
});

/** A request for a client certificate, made by OpenSSL. */
function certificateRequest(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "coracle-csr-"));
  try {
    const key = join(folder, "key.pem");
    const args = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj", `/CN=${name}`];
    return execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] }).toString("base64");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("certificate signing requests", () => {
  const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  const labels = { test: "csr" };

  function signingRequest(generateName: string): object {
    return {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      metadata: { generateName, labels },
      spec: { request: certificateRequest("e2e"), signerName: "example.com/e2e", expirationSeconds: 3600, usages: ["client auth"] },
    };
  }

  it(official("auth", "Certificates API [Privileged:ClusterAdmin] should support CSR API operations"), async () => {
    const { resources } = await scene.expect<{ resources: { name: string }[] }>(200, "GET /apis/certificates.k8s.io/v1");
    const names = resources.map(({ name }) => name);
    const plural = "certificatesigningrequests";
    expect(names).toEqual(expect.arrayContaining([plural, `${plural}/approval`, `${plural}/status`]));
    const first = await scene.expect(201, `POST ${path}`, signingRequest("first-"));
    const one = `${path}/${first.metadata.name}`;
    expect((await scene.expect(200, `GET ${one}`)).metadata.uid).toBe(first.metadata.uid);
    const { items } = await scene.expect<{ items: Thing[] }>(200, `GET ${path}?labelSelector=test%3Dcsr`);
    expect(items.map(({ metadata }) => metadata.name)).toEqual([first.metadata.name]);
    using watch = await scene.api.watch(`${path}?labelSelector=test%3Dcsr&resourceVersion=${first.metadata.resourceVersion}`);

    const patched = await scene.merge(one, { metadata: { annotations: { patched: "true" } } });
    const updated = await scene.expect(200, `PUT ${one}`, {
      ...patched,
      metadata: { ...patched.metadata, annotations: { ...patched.metadata.annotations, updated: "true" } },
    });
    expect(updated.metadata.annotations).toMatchObject({ patched: "true", updated: "true" });
    await eventually(() => expect(watch.events.length).toBeGreaterThanOrEqual(2));

    await approve(one);
    await sign(one);
    await scene.expect(200, `DELETE ${one}`);
    await scene.expect(404, `GET ${one}`);
    await eventually(() => expect(watch.events.at(-1)?.type).toBe("DELETED"));
    for (const name of ["second-", "third-"]) await scene.expect(201, `POST ${path}`, signingRequest(name));
    await scene.expect(200, `DELETE ${path}?labelSelector=test%3Dcsr`);
    const left = await scene.expect<{ items: Thing[] }>(200, `GET ${path}?labelSelector=test%3Dcsr`);
    expect(left.items).toEqual([]);
  });

  type Conditions = { status: { conditions: { type: string; status: string; reason?: string }[]; certificate?: string } } & Thing;

  async function approve(one: string): Promise<void> {
    await scene.expect(200, `GET ${one}/approval`);
    const patch = {
      metadata: { annotations: { patchedapproval: "true" } },
      status: { conditions: [{ type: "ApprovalPatch", status: "True", reason: "e2e" }] },
    };
    const patched = await scene.merge<Conditions>(`${one}/approval`, patch);
    expect(patched.status.conditions.map(({ type }) => type)).toEqual(["ApprovalPatch"]);
    expect(patched.metadata.annotations).toMatchObject({ patchedapproval: "true" });
    const conditions = [...patched.status.conditions, { type: "Approved", status: "True", reason: "E2E", message: "Set from a test" }];
    const updated = await scene.expect<Conditions>(200, `PUT ${one}/approval`, { ...patched, status: { conditions } });
    expect(updated.status.conditions.map(({ type }) => type)).toEqual(["ApprovalPatch", "Approved"]);
  }

  async function sign(one: string): Promise<void> {
    const before = await scene.expect<Conditions>(200, `GET ${one}/status`);
    const certificate = Buffer.from(`leading line
-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgIUXl4fGD0gN9RYfGvKcUeUoPHWzwEwCgYIKoZIzj0EAwIw
-----END CERTIFICATE-----
`).toString("base64");
    const refused = await scene.api.json<{ message: string }>(
      "PATCH",
      `${one}/status`,
      { status: { certificate } },
      "application/merge-patch+json",
    );
    expect(refused.code).toBe(422);
    const conditions = [...before.status.conditions, { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from a test" }];
    const updated = await scene.expect<Conditions>(200, `PUT ${one}/status`, { ...before, status: { ...before.status, conditions } });
    expect(updated.status.conditions.map(({ type }) => type)).toEqual(["ApprovalPatch", "Approved", "StatusUpdate"]);
  }
});
